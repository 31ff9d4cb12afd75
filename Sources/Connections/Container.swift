/// A container, as far as the cgroup and the runtime's own files identify it.
public struct Container: Hashable, Sendable {
  /// What the runtime calls it: 64 hexadecimal digits for most. LXC, systemd-nspawn, Garden and `ctr`
  /// have only the name that a person chose, and Fargate 32 digits and a number.
  public let id: KernelName
  /// The name that a person chose, as a table shows it; nil when it is unknown.
  public let name: KernelName?
  /// Further names that mean this container alone, such as `default/web-1/nginx`.
  public let otherNames: [KernelName]

  /// The container with this id and, where they are known, these names.
  public init(id: KernelName, name: KernelName? = nil, otherNames: [KernelName] = []) {
    self.id = id
    self.name = name
    self.otherNames = otherNames
  }

  /// How many digits most runtimes give an id.
  public static let idLength = 64

  /// Whether the id is one of ``idLength`` hexadecimal digits.
  public var hasHexadecimalID: Bool {
    id.withBytes { id in
      id.count == Self.idLength && id.indices.allSatisfy { id[$0].isLowerHexadecimalDigit }
    }
  }

  /// The first digits of an id, as runtimes print it; all of another one.
  public var shortID: KernelName {
    hasHexadecimalID ? KernelName(bytes: id.bytes.prefix(12)) : id
  }

  /// What a table calls it: its name, or else its id.
  public var label: KernelName { name ?? shortID }
}

extension Container {
  /// The container that the component of a cgroup path at `index` names; nil when it names none.
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

  /// The id in `docker-ID.scope`, `cri-containerd-ID.scope`, `crio-ID`, `libpod-ID.scope`, in a
  /// plain `ID`, and in `SLICE:cri-containerd:ID`, which a containerd not told of systemd makes.
  private static func hexadecimalID(_ component: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    let name = component.ends(in: ".scope") ? component.dropLast(".scope".count) : component
    guard name.count >= idLength else { return nil }
    let id = name.suffix(idLength)
    guard id.allSatisfy(\.isLowerHexadecimalDigit) else { return nil }
    let runtime = name.dropLast(idLength)
    guard let separator = runtime.last else { return id }
    guard separator == UInt8(ascii: "-") || separator == UInt8(ascii: ":") else { return nil }
    // The process that watches a container is not in it: `libpod-conmon-ID`, `crio-conmon-ID`.
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

  /// NAME in `lxc.payload.NAME` and, of older versions, `lxc.payload/NAME` and `lxc/NAME`. The
  /// process that watches it is in `lxc.monitor.NAME`.
  private static func lxcName(
    _ component: ArraySlice<UInt8>, after parent: ArraySlice<UInt8>?
  ) -> KernelName? {
    if let parent, parent.isEqual(to: "lxc.payload") || parent.isEqual(to: "lxc") {
      return KernelName(bytes: component)
    }
    return component.between("lxc.payload.", "").map { KernelName(bytes: $0) }
  }

  /// NAME in `machine-NAME.scope`, with systemd's escapes undone, and in
  /// `systemd-nspawn@NAME.service`.
  ///
  /// systemd-nspawn itself is in `supervisor` below it. A virtual machine of libvirt has a scope of
  /// that form too, and is no container.
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

  /// HANDLE in `garden/HANDLE`, `garden-N/HANDLE` and `garden/good/HANDLE`, where programs that use
  /// much of the processor are in `bad`.
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
