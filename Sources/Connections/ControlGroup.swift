/// The cgroup that a process runs in, and what its path says of who put it there.
///
/// A path names a systemd unit, a container or a Kubernetes pod only by the manner in which
/// systemd, container runtimes and the kubelet choose names: a path of another manner names none.
public struct ControlGroup: Hashable, Sendable {
  /// The path below the root of the hierarchy, such as `/system.slice/nginx.service`.
  ///
  /// It can hold what a program chose: escape it before printing.
  public let path: KernelName
  /// The innermost systemd unit of the path: `nginx.service`, `docker-….scope`. Its escapes, as in
  /// `dev\x2dhugepages.mount`, are kept. A slice holds units and is none here.
  ///
  /// A unit inside a container is one of another systemd, and not meant: the container's own unit is
  /// the innermost then.
  public let unit: KernelName?
  /// The containers that it is in, the outermost first.
  public let containers: [Container]
  /// The Kubernetes pod.
  public let pod: Pod?

  /// The innermost container.
  public var container: Container? { containers.last }

  /// The cgroup at `path`, with what the path itself says.
  public init(path: KernelName) {
    self.path = path
    let components = path.components
    var unit: ArraySlice<UInt8>?
    var containers: [Container] = []
    var podUID: String?
    for index in components.indices {
      if containers.isEmpty { unit = UnitName.of(components[index]) ?? unit }
      if let container = Container(in: components, at: index) { containers.append(container) }
      podUID = Pod.uid(components[index]) ?? podUID
    }
    self.unit = unit.map { KernelName(bytes: $0) }
    self.containers = containers
    pod = podUID.map { Pod(uid: $0) }
  }

  /// The cgroup at `path`, with what is known beyond that.
  public init(path: KernelName, unit: KernelName?, containers: [Container], pod: Pod?) {
    self.path = path
    self.unit = unit
    self.containers = containers
    self.pod = pod
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
}
