// swift-tools-version: 6.2

import PackageDescription

// A separate package, so that building connreap does not build the fuzz targets. `Scripts/fuzz`
// instruments every module here. `Sources` is a link to connreap's directory.

let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let system: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

func module(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// The fuzz target in the directory `subject`, which checks one input of `FuzzProperties`.
func fuzzer(of subject: String) -> Target {
  .executableTarget(
    name: "Fuzz\(subject)", dependencies: ["FuzzProperties", "CLibFuzzer"], path: subject,
    swiftSettings: settings)
}

let package = Package(
  name: "connreap-fuzz",
  dependencies: [
    .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
  ],
  targets: [
    .systemLibrary(name: "CMnl", pkgConfig: "libmnl"),
    .systemLibrary(name: "CLinuxDiag"),
    .systemLibrary(name: "CLinuxProcess"),
    .systemLibrary(name: "CLibFuzzer", path: "CLibFuzzer"),
    module("Connections", []),
    module("Threads", []),
    module("ProcessTable", ["Connections", "Threads", "CLinuxProcess", system]),
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
    .target(
      name: "TestSupport", dependencies: ["Netlink", "ProcessTable", system], path: "TestSupport",
      swiftSettings: settings),
    .target(
      name: "FuzzProperties",
      dependencies: [
        "PolicyEngine", "Scanning", "Selection", "SocketDiagnostics", "ProcessTable", "Netlink",
        "Connections", "TestSupport", system,
      ],
      path: "Properties", swiftSettings: settings),
    fuzzer(of: "Policies"),
    fuzzer(of: "Filters"),
    fuzzer(of: "Datagrams"),
    fuzzer(of: "Recordings"),
  ]
)
