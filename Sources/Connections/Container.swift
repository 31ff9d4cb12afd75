/// A container, as identified by its cgroup and the runtime's files.
public struct Container: Hashable, Sendable {
  /// The runtime's ID: 64 hexadecimal digits for most runtimes.
  ///
  /// Fargate uses 32 digits and a number. LXC, systemd-nspawn, Garden and `ctr` have only a name
  /// that a person chose.
  public let id: KernelName
  /// The name that a person chose; nil when unknown.
  public let name: KernelName?
  /// Other names that identify only this container, such as `default/web-1/nginx`.
  public let otherNames: [KernelName]

  /// Creates a container with an ID and any known names.
  public init(id: KernelName, name: KernelName? = nil, otherNames: [KernelName] = []) {
    self.id = id
    self.name = name
    self.otherNames = otherNames
  }

  /// The number of digits in the ID of most runtimes.
  public static let idLength = 64

  /// Whether the ID consists of ``idLength`` hexadecimal digits.
  public var hasHexadecimalID: Bool {
    id.withBytes { id in
      id.count == Self.idLength && id.indices.allSatisfy { id[$0].isLowerHexadecimalDigit }
    }
  }

  /// The first 12 digits of a hexadecimal ID, as runtimes print it; any other ID in full.
  public var shortID: KernelName {
    hasHexadecimalID ? KernelName(bytes: id.bytes.prefix(12)) : id
  }

  /// The name in tables: the container's name, or its short ID.
  public var label: KernelName { name ?? shortID }
}

extension Container {
  /// Parses the container that the component of a cgroup path at `index` names; nil for none.
  init?(in path: [ArraySlice<UInt8>], at index: Int) {
    let component = path[index]
    let parent = index > 0 ? path[index - 1] : nil
    if let id = Self.hexadecimalID(component) ?? Self.fargateID(component) {
      self.init(id: KernelName(bytes: id))
    } else if let name = Self.lxcName(component, after: parent)
      ?? Self.machineName(component, before: index + 1 < path.count ? path[index + 1] : nil)
      ?? Self.gardenHandle(component, after: path[..<index])
    {
      self.init(id: name, name: name)
    } else {
      return nil
    }
  }

  /// The ID in `docker-ID.scope`, `cri-containerd-ID.scope`, `crio-ID`, `libpod-ID.scope`, a plain
  /// `ID`, and the `SLICE:cri-containerd:ID` of a containerd without the systemd cgroup driver.
  private static func hexadecimalID(_ component: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    let name = component.ends(in: ".scope") ? component.dropLast(".scope".count) : component
    guard name.count >= idLength else { return nil }
    let id = name.suffix(idLength)
    guard id.allSatisfy(\.isLowerHexadecimalDigit) else { return nil }
    let runtime = name.dropLast(idLength)
    guard let separator = runtime.last else { return id }
    guard separator == UInt8(ascii: "-") || separator == UInt8(ascii: ":") else { return nil }
    // A container's monitor is not inside it: `libpod-conmon-ID`, `crio-conmon-ID`.
    return runtime.dropLast().ends(in: "conmon") ? nil : id
  }

  /// `TASK-N` of Fargate: 32 hexadecimal digits, a hyphen and a number.
  private static func fargateID(_ component: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    let parts = component.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
    guard parts.count == 2, parts[0].count == 32, parts[0].allSatisfy(\.isLowerHexadecimalDigit),
      !parts[1].isEmpty, parts[1].allSatisfy(\.isDecimalDigit)
    else { return nil }
    return component
  }

  /// NAME in `lxc.payload.NAME`, or in `lxc.payload/NAME` and `lxc/NAME` of older versions.
  ///
  /// The monitor is in `lxc.monitor.NAME`.
  private static func lxcName(
    _ component: ArraySlice<UInt8>, after parent: ArraySlice<UInt8>?
  ) -> KernelName? {
    if let parent, parent.isEqual(to: "lxc.payload") || parent.isEqual(to: "lxc") {
      return KernelName(bytes: component)
    }
    return component.between("lxc.payload.", "").map { KernelName(bytes: $0) }
  }

  /// NAME, unescaped, in `machine-NAME.scope` or in `systemd-nspawn@NAME.service`.
  ///
  /// systemd-nspawn itself runs in `supervisor` below that. A libvirt virtual machine also has such
  /// a scope, but is not a container.
  private static func machineName(
    _ component: ArraySlice<UInt8>, before child: ArraySlice<UInt8>?
  ) -> KernelName? {
    if let child, child.isEqual(to: "supervisor") { return nil }
    if let name = component.between("systemd-nspawn@", ".service") {
      return UnitName.unescaped(name)
    }
    guard let escaped = component.between("machine-", ".scope"),
      !escaped.begins(with: #"qemu\x2d"#)
    else { return nil }
    return UnitName.unescaped(escaped)
  }

  /// HANDLE in `garden/HANDLE`, `garden-N/HANDLE`, `garden/good/HANDLE` or `garden/bad/HANDLE`.
  ///
  /// Garden moves programs that use much CPU to `bad`.
  private static func gardenHandle(
    _ component: ArraySlice<UInt8>, after path: ArraySlice<ArraySlice<UInt8>>
  ) -> KernelName? {
    func isShare(_ name: ArraySlice<UInt8>) -> Bool {
      name.isEqual(to: "good") || name.isEqual(to: "bad")
    }
    guard let parent = path.last, !isShare(component) else { return nil }
    guard let directory = isShare(parent) ? path.dropLast().last : parent else { return nil }
    let isGarden =
      directory.isEqual(to: "garden")
      || directory.begins(with: "garden-")
        && directory.dropFirst("garden-".count).allSatisfy(\.isDecimalDigit)
    return isGarden ? KernelName(bytes: component) : nil
  }
}
