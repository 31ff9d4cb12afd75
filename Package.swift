// swift-tools-version: 6.2

import PackageDescription

/// The settings of every Swift target.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .treatAllWarnings(as: .error),
]

/// The settings of the sources, which mark unsafe code with `unsafe`. The macros of the tests do not.
let sources: [SwiftSetting] = strict + [.strictMemorySafety()]

let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

/// The modules below the user interface.
let engine: [Target.Dependency] = [
  "Reaping", "PolicyEngine", "Scanning", "Selection", "SocketDiagnostics", "Netlink",
  "DescriptorActions", "Notifying", "History", "ProcessTable", "StateFiles", "Privileges",
  "Screens", "Threads", "Connections", "CLinuxProcess", system,
]

/// What the tests of the user interface depend on besides the modules they test.
let presentationTests: [Target.Dependency] = engine + ["PresentationTestSupport", "TestSupport"]

/// A module of connreap. It may depend only on modules above it in the list.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: sources)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

let package = Package(
  name: "connreap",
  products: [.executable(name: "connreap", targets: ["connreap"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
  ],
  targets: [
    // Without pkg-config, because its flags name the system's library directory. The linker would
    // search that before the directory in which Scripts/run puts static libraries. For curses, they
    // also define C macros, about which SwiftPM warns at every build.
    .systemLibrary(name: "CMnl", providers: [.apt(["libmnl-dev"])]),
    .systemLibrary(name: "CCap", providers: [.apt(["libcap-dev"])]),
    .systemLibrary(name: "CNcurses", providers: [.apt(["libncurses-dev"])]),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CLinuxDiag"),
    .systemLibrary(name: "CLinuxProcess"),

    module("Connections"),
    module("Threads"),
    module("Privileges", ["CCap", system]),
    module("Screens", ["CNcurses", "CLinuxProcess", system]),
    module("StateFiles", ["CZlib", system]),
    module(
      "History",
      [
        "Connections", "StateFiles", system, .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ]),
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
    module("Rendering", ["Screens", "Threads", "Connections", system]),
    module("Presentation", ["Rendering"] + engine),
    module("Operations", ["Presentation", "Rendering"] + engine),
    module("Reports", ["Operations", "Presentation", "Rendering"] + engine),
    module("LiveView", ["Reports", "Operations", "Presentation", "Rendering"] + engine),
    module(
      "ConnreapCommands",
      [
        "LiveView", "Reports", "Operations", "Presentation", "Rendering",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ] + engine),
    .executableTarget(
      name: "connreap", dependencies: ["ConnreapCommands"], swiftSettings: sources),

    .target(
      name: "TestSupport", dependencies: ["Netlink", "ProcessTable", system],
      path: "Tests/TestSupport",
      swiftSettings: strict),
    .target(
      name: "FuzzProperties",
      dependencies: [
        "PolicyEngine", "Scanning", "Selection", "SocketDiagnostics", "ProcessTable", "Netlink",
        "Connections", "TestSupport", system,
      ],
      path: "Tests/Fuzz/Properties", swiftSettings: strict),
    tests(
      "FuzzPropertiesTests",
      ["FuzzProperties", "Netlink", "SocketDiagnostics", "Connections", "TestSupport", system]),
    tests("ThreadsTests", ["Threads"]),
    tests("ConnectionsTests", ["Connections", "TestSupport"]),
    tests("NetlinkTests", ["Netlink", "TestSupport", system]),
    tests(
      "SocketDiagnosticsTests",
      ["SocketDiagnostics", "Netlink", "Connections", "TestSupport", system]),
    tests(
      "ScanningTests",
      [
        "Scanning", "Selection", "SocketDiagnostics", "ProcessTable", "Netlink", "Connections",
        "TestSupport", system,
      ]),
    tests(
      "ReapingTests",
      [
        "Reaping", "PolicyEngine", "Scanning", "Selection", "SocketDiagnostics",
        "DescriptorActions", "ProcessTable", "Netlink", "Connections", "TestSupport", system,
      ]),
    .target(
      name: "PresentationTestSupport",
      dependencies: ["Presentation", "Rendering", "TestSupport"] + engine,
      path: "Tests/PresentationTestSupport", swiftSettings: strict),
    tests("RenderingTests", ["Rendering"] + presentationTests),
    tests("PresentationTests", ["Presentation", "Rendering"] + presentationTests),
    tests("OperationsTests", ["Operations", "Presentation", "Rendering"] + presentationTests),
    tests(
      "ReportsTests", ["Reports", "Operations", "Presentation", "Rendering"] + presentationTests),
    tests(
      "LiveViewTests",
      ["LiveView", "Reports", "Operations", "Presentation", "Rendering"] + presentationTests),
    tests(
      "ConnreapCommandsTests",
      [
        "ConnreapCommands", "LiveView", "Reports", "Operations", "Presentation", "Rendering",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ] + presentationTests),
    tests("DescriptorActionsTests", ["DescriptorActions", "ProcessTable", "Connections", system]),
    tests("EndToEndTests", ["connreap"], resources: [.copy("Fixtures")]),
    tests("PrivilegesTests", ["Privileges", system]),
    tests("ScreensTests", ["Screens"]),
    tests("StateFilesTests", ["StateFiles", system]),
    tests("NotifyingTests", ["Notifying", "StateFiles", system]),
    tests(
      "HistoryTests",
      [
        "History", "StateFiles", "Connections", system,
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    tests("SelectionTests", ["Selection", "Connections", "TestSupport", system]),
    tests("ProcessTableTests", ["ProcessTable", "Connections", "TestSupport", system]),
    tests(
      "PolicyPackTests",
      [
        "PolicyEngine", "Scanning", "Selection", "ProcessTable", "Netlink", "Connections",
        "TestSupport", system,
      ]),
    tests(
      "PolicyEngineTests", ["PolicyEngine", "Selection", "Connections", "TestSupport", system]),
  ]
)
