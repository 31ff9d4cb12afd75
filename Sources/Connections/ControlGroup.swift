/// The cgroup that a process runs in, and what its path says of who put it there.
///
/// A path names a systemd unit, a container or a Kubernetes pod only by the manner in which
/// systemd, container runtimes and the kubelet choose names: a path of another manner names none.
public struct ControlGroup: Hashable, Sendable {
  /// The path below the root of the hierarchy, such as `/system.slice/nginx.service`.
  ///
  /// It can hold what a program chose: escape it before printing.
  public let path: String
  /// The innermost systemd unit of the path: `nginx.service`, `docker-….scope`. Its escapes, as in
  /// `dev\x2dhugepages.mount`, are kept. A slice holds units and is none here.
  public let unit: String?
  /// The id of the innermost container, 64 hexadecimal digits.
  public let container: String?
  /// The uid of the Kubernetes pod, as the API server has it.
  public let podUID: String?

  /// The cgroup at `path`.
  public init(path: String) {
    self.path = path
    var unit: Substring?
    var container: Substring?
    var podUID: String?
    for component in path.split(separator: "/") {
      unit = Self.unit(component) ?? unit
      container = Self.container(component) ?? container
      podUID = Self.podUID(component) ?? podUID
    }
    self.unit = unit.map(String.init)
    self.container = container.map(String.init)
    self.podUID = podUID
  }

  /// Whether the cgroup is the one at `ancestor` or lies below it.
  public func isWithin(_ ancestor: some StringProtocol) -> Bool {
    guard ancestor != "/" else { return true }
    return path.hasPrefix(ancestor)
      && (path.utf8.count == ancestor.utf8.count
        || path.utf8.dropFirst(ancestor.utf8.count).first == UInt8(ascii: "/"))
  }

  /// How many digits an id has.
  private static let idLength = 64

  /// The kinds of unit that processes can be in; see systemd.unit(5).
  private static let unitSuffixes = [".service", ".scope", ".socket", ".mount", ".swap"]

  private static func unit(_ component: Substring) -> Substring? {
    guard unitSuffixes.contains(where: { component.hasSuffix($0) && component != $0 }) else {
      return nil
    }
    // systemd puts a `_` before a name that the kernel could take for a file of its own.
    return component.first == "_" ? component.dropFirst() : component
  }

  /// The id in `docker-ID.scope`, `cri-containerd-ID.scope`, `crio-ID`, `libpod-ID.scope`, in a
  /// plain `ID`, and in `SLICE:cri-containerd:ID`, which a containerd not told of systemd makes.
  private static func container(_ component: Substring) -> Substring? {
    let name = component.hasSuffix(".scope") ? component.dropLast(".scope".count) : component
    guard name.utf8.count >= idLength else { return nil }
    let id = name.utf8.suffix(idLength)
    guard id.allSatisfy(\.isLowerHexadecimalDigit) else { return nil }
    let runtime = name.utf8.dropLast(idLength)
    guard let separator = runtime.last else { return name }
    guard separator == UInt8(ascii: "-") || separator == UInt8(ascii: ":") else { return nil }
    // The process that watches a container is not in it: `libpod-conmon-ID`, `crio-conmon-ID`.
    guard !Substring(runtime).dropLast().hasSuffix("conmon") else { return nil }
    return Substring(id)
  }

  /// The uid in `kubepods-burstable-podUID.slice`, where systemd wants `_` for `-`, and in `podUID`.
  private static func podUID(_ component: Substring) -> String? {
    let name = component.prefix { $0 != ":" }
    let uid: Substring
    if name.hasSuffix(".slice") {
      guard name.contains("kubepods"), let start = name.ranges(of: "-pod").last?.upperBound else {
        return nil
      }
      uid = name[start...].dropLast(".slice".count)
    } else {
      guard name.hasPrefix("pod") else { return nil }
      uid = name.dropFirst("pod".count)
    }
    // A UUID or, of a pod that the kubelet has from a file, 32 digits.
    let dashed = uid.replacing("_", with: "-")
    let digits = dashed.utf8.filter { $0 != UInt8(ascii: "-") }
    let isUID =
      digits.count == 32 && digits.allSatisfy(\.isLowerHexadecimalDigit)
      && [32, 36].contains(dashed.utf8.count)
    return isUID ? String(dashed) : nil
  }
}

extension UInt8 {
  fileprivate var isLowerHexadecimalDigit: Bool {
    isDecimalDigit || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self)
  }
}
