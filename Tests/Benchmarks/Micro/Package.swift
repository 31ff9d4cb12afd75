// swift-tools-version: 6.2

import PackageDescription

// A separate package, so that building connreap does not build the benchmark library. `Sources` and
// `TestSupport` are links to connreap's directories, because benchmarks use internal declarations.

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .unsafeFlags(["-enable-testing"]),
]

let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

let package = Package(
  name: "connreap-benchmarks",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
  ],
  targets: [
    .systemLibrary(name: "CMnl", pkgConfig: "libmnl"),
    .systemLibrary(name: "CCap", pkgConfig: "libcap"),
    .systemLibrary(name: "CNcurses"),
    .systemLibrary(name: "CZlib"),
    .systemLibrary(name: "CLinuxDiag"),
    .systemLibrary(name: "CLinuxProcess"),
    module("Connections", []),
    module("Privileges", ["CCap", system]),
    module("Screens", ["CNcurses", "CLinuxProcess", system]),
    module("StateFiles", ["CZlib", system]),
    module(
      "History",
      [
        "Connections", "StateFiles", system, .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ]),
    module("Threads", []),
    module("ProcessTable", ["Connections", "Threads", "CLinuxProcess", system]),
    module("Notifying", ["StateFiles", "ProcessTable", "Connections", "CLinuxProcess", system]),
    module("DescriptorActions", ["Connections", "ProcessTable", "CLinuxProcess", system]),
    module("Netlink", ["CMnl", "CLinuxDiag", system]),
    module("SocketDiagnostics", ["Netlink", "Connections", "CLinuxDiag", system]),
    module("Selection", ["ProcessTable", "Connections", system]),
    module(
      "Scanning",
      [
        "SocketDiagnostics", "Netlink", "ProcessTable", "Selection", "Threads", "Connections",
        system,
      ]),
    module("PolicyEngine", ["Selection", "Scanning", "Connections", system, "Yams"]),
    module(
      "Reaping",
      [
        "Scanning", "PolicyEngine", "Privileges", "Selection", "SocketDiagnostics",
        "DescriptorActions", "ProcessTable", "Netlink", "Connections", system,
      ]),
    module(
      "Rendering",
      [

        "Reaping", "PolicyEngine", "Scanning", "Selection", "SocketDiagnostics", "Netlink",
        "DescriptorActions", "ProcessTable", "Privileges", "StateFiles", "History", "Notifying",
        "Screens", "Threads", "Connections", "CLinuxProcess", system,
      ]),
    module(
      "Presentation",
      [
        "Rendering",
        "Reaping", "PolicyEngine", "Scanning", "Selection", "SocketDiagnostics", "Netlink",
        "DescriptorActions", "ProcessTable", "Privileges", "StateFiles", "History", "Notifying",
        "Screens", "Threads", "Connections", "CLinuxProcess", system,
      ]),
    module(
      "Operations",
      [
        "Presentation", "Rendering",
        "Reaping", "PolicyEngine", "Scanning", "Selection", "SocketDiagnostics", "Netlink",
        "DescriptorActions", "ProcessTable", "Privileges", "StateFiles", "History", "Notifying",
        "Screens", "Threads", "Connections", "CLinuxProcess", system,
      ]),
    module(
      "Reports",
      [
        "Operations", "Presentation", "Rendering",
        "Reaping", "PolicyEngine", "Scanning", "Selection", "SocketDiagnostics", "Netlink",
        "DescriptorActions", "ProcessTable", "Privileges", "StateFiles", "History", "Notifying",
        "Screens", "Threads", "Connections", "CLinuxProcess", system,
      ]),
    module(
      "LiveView",
      [
        "Reports", "Operations", "Presentation", "Rendering",
        "Reaping", "PolicyEngine", "Scanning", "Selection", "SocketDiagnostics", "Netlink",
        "DescriptorActions", "ProcessTable", "Privileges", "StateFiles", "History", "Notifying",
        "Screens", "Threads", "Connections", "CLinuxProcess", system,
      ]),
    module(
      "ConnreapCommands",
      [
        "LiveView", "Reports", "Operations", "Presentation", "Rendering", "Reaping", "PolicyEngine",
        "Scanning", "Selection", "SocketDiagnostics", "Netlink",
        "DescriptorActions", "ProcessTable", "Privileges", "StateFiles", "History", "Notifying",
        "Screens", "Threads", "Connections", "CLinuxProcess", system,
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .target(
      name: "TestSupport", dependencies: ["Netlink", "ProcessTable", system], path: "TestSupport",
      swiftSettings: settings),
    .executableTarget(
      name: "Connreap",
      dependencies: [
        "ConnreapCommands", "LiveView", "Reports", "Operations", "Presentation", "Rendering",
        "Scanning", "Selection", "SocketDiagnostics", "ProcessTable", "Netlink",
        "Connections", "TestSupport", system, .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/Connreap", swiftSettings: settings,
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
  ]
)
