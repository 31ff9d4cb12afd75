/// The cgroup that a process runs in, and what its path says of who put it there.
///
/// A path names a systemd unit, a container or a Kubernetes pod only by the manner in which
/// systemd, container runtimes and the kubelet choose names: a path of another manner names none.
public struct ControlGroup: Sendable {
  /// The path below the root of the hierarchy, such as `/system.slice/nginx.service`.
  ///
  /// It can hold what a program chose: escape it before printing.
  public let path: KernelName
  /// The innermost systemd unit of the path: `nginx.service`, `docker-….scope`. Its escapes, as in
  /// `dev\x2dhugepages.mount`, are kept. A slice holds units and is none here.
  public let unit: KernelName?
  /// The id of the innermost container, 64 hexadecimal digits.
  public let container: String?
  /// The uid of the Kubernetes pod, as the API server has it.
  public let podUID: String?

  /// The cgroup at `path`.
  public init(path: KernelName) {
    self.path = path
    var unit: ArraySlice<UInt8>?
    var container: ArraySlice<UInt8>?
    var podUID: String?
    for component in path.bytes.split(separator: UInt8(ascii: "/")) {
      unit = Self.unit(component) ?? unit
      container = Self.container(component) ?? container
      podUID = Self.podUID(component) ?? podUID
    }
    self.unit = unit.map { KernelName(bytes: $0) }
    self.container = container.map { String(decoding: $0, as: UTF8.self) }
    self.podUID = podUID
  }

  /// The cgroup at the path whose bytes are the UTF-8 of `path`.
  public init(path: String) { self.init(path: KernelName(path)) }

  /// Whether the cgroup is the one at `ancestor` or lies below it.
  public func isWithin(_ ancestor: KernelName) -> Bool {
    path.withBytes { path in
      ancestor.withBytes { ancestor in
        if ancestor.count == 1, ancestor[0] == UInt8(ascii: "/") { return true }
        return path.isPrefixed(by: ancestor)
          && (path.count == ancestor.count || path[ancestor.count] == UInt8(ascii: "/"))
      }
    }
  }

  /// How many digits an id has.
  private static let idLength = 64

  /// The kinds of unit that processes can be in; see systemd.unit(5).
  private static let unitSuffixes = [".service", ".scope", ".socket", ".mount", ".swap"]

  private static func unit(_ component: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard
      unitSuffixes.contains(where: { component.count > $0.utf8.count && component.ends(in: $0) })
    else { return nil }
    // systemd puts a `_` before a name that the kernel could take for a file of its own.
    return component.first == UInt8(ascii: "_") ? component.dropFirst() : component
  }

  /// The id in `docker-ID.scope`, `cri-containerd-ID.scope`, `crio-ID`, `libpod-ID.scope`, in a
  /// plain `ID`, and in `SLICE:cri-containerd:ID`, which a containerd not told of systemd makes.
  private static func container(_ component: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    let name = component.ends(in: ".scope") ? component.dropLast(".scope".count) : component
    guard name.count >= idLength else { return nil }
    let id = name.suffix(idLength)
    guard id.allSatisfy(\.isLowerHexadecimalDigit) else { return nil }
    let runtime = name.dropLast(idLength)
    guard let separator = runtime.last else { return name }
    guard separator == UInt8(ascii: "-") || separator == UInt8(ascii: ":") else { return nil }
    // The process that watches a container is not in it: `libpod-conmon-ID`, `crio-conmon-ID`.
    guard !runtime.dropLast().ends(in: "conmon") else { return nil }
    return id
  }

  /// The uid in `kubepods-burstable-podUID.slice`, where systemd wants `_` for `-`, and in `podUID`.
  private static func podUID(_ component: ArraySlice<UInt8>) -> String? {
    let name = component.prefix { $0 != UInt8(ascii: ":") }
    var uid: ArraySlice<UInt8>
    if name.ends(in: ".slice") {
      let mark = Array("-pod".utf8)
      guard name.firstIndex(of: Array("kubepods".utf8)) != nil else { return nil }
      uid = name.dropLast(".slice".count)
      guard var start = uid.firstIndex(of: mark) else { return nil }
      while let next = uid[(start + 1)...].firstIndex(of: mark) { start = next }
      uid = uid[(start + mark.count)...]
    } else {
      guard name.starts(with: "pod".utf8) else { return nil }
      uid = name.dropFirst("pod".count)
    }
    // A UUID or, of a pod that the kubelet has from a file, 32 digits.
    let dashed = uid.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }
    let digits = dashed.filter { $0 != UInt8(ascii: "-") }
    let isUID =
      digits.count == 32 && digits.allSatisfy(\.isLowerHexadecimalDigit)
      && [32, 36].contains(dashed.count)
    return isUID ? String(decoding: dashed, as: UTF8.self) : nil
  }
}

// All that is known of it follows from its path.
extension ControlGroup: Hashable {
  /// Whether both are at the same path.
  public static func == (lhs: ControlGroup, rhs: ControlGroup) -> Bool { lhs.path == rhs.path }

  /// Feeds the path to `hasher`.
  public func hash(into hasher: inout Hasher) { hasher.combine(path) }
}

extension ArraySlice<UInt8> {
  fileprivate func ends(in suffix: String) -> Bool {
    self.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
  }

  /// Where `part` starts for the first time.
  fileprivate func firstIndex(of part: [UInt8]) -> Int? {
    indices.first { self[$0...].starts(with: part) }
  }
}

extension UInt8 {
  fileprivate var isLowerHexadecimalDigit: Bool {
    isDecimalDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
  }
}
