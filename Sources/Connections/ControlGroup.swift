/// A cgroup, and the systemd unit, containers and Kubernetes pod that its path names.
///
/// Only the naming schemes of systemd, container runtimes and the kubelet are recognized.
public struct ControlGroup: Hashable, Sendable {
  /// The path below the root of the hierarchy, such as `/system.slice/nginx.service`.
  ///
  /// A program can choose parts of it: escape it before printing.
  public let path: KernelName
  /// The innermost systemd unit of the path: `nginx.service`, `docker-….scope`.
  ///
  /// Escapes, as in `dev\x2dhugepages.mount`, are kept. Slices are not units here. Units inside a
  /// container belong to another systemd and are ignored.
  public let unit: KernelName?
  /// The containers on the path, outermost first.
  public let containers: [Container]
  /// The Kubernetes pod; nil when the path names none.
  public let pod: Pod?

  /// The innermost container.
  public var container: Container? { containers.last }

  /// Creates the cgroup at `path` and parses its unit, containers and pod.
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

  /// Creates the cgroup at `path` with a unit, containers and a pod from other sources.
  public init(path: KernelName, unit: KernelName?, containers: [Container], pod: Pod?) {
    self.path = path
    self.unit = unit
    self.containers = containers
    self.pod = pod
  }

  /// Creates the cgroup at a path given as UTF-8 text.
  public init(path: String) { self.init(path: KernelName(path)) }

  /// Whether the cgroup is `ancestor` or a descendant of it.
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
