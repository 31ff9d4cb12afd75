package import Connections
import Glibc
import ProcessTable
import Rendering
import StateFiles
import Synchronization
package import SystemPackage

/// The names of containers, from the files that Docker, Podman, CRI-O and containerd keep.
///
/// Files are read only as root, and only if they belong to root and nobody else can write to them.
/// Containers of other users have no name here: their cgroups are in `user.slice`, where a user can
/// create cgroups with any name.
package final class ContainerDirectory: ContainerNames {
  private let root: FilePath
  private let isTrusted: Bool
  private let known = Mutex<[KernelName: ContainerFacts?]>([:])
  private let podman = Mutex<PodmanNames?>(nil)

  /// The containers of the machine whose root directory is `root`.
  package init(root: FilePath = "/", asRoot isTrusted: Bool = geteuid() == 0) {
    self.root = root
    self.isTrusted = isTrusted
  }

  /// The size limit of files, in bytes. Podman's describes all its containers.
  private static let sizeLimit = 32 << 20

  /// The containerd namespaces whose containers have ids of 64 digits.
  private static let namespaces = ["k8s.io", "moby", "default"]

  /// Where containerd keeps running containers: containerd itself, and the one in k3s.
  private static let tasks = [
    "run/containerd/io.containerd.runtime.v2.task",
    "run/k3s/containerd/io.containerd.runtime.v2.task",
  ]

  package func naming(_ group: ControlGroup) -> ControlGroup {
    guard isTrusted, !group.isWithin("/user.slice") else { return group }
    let path = group.path.components
    guard !group.containers.isEmpty else { return namingTask(group, path) }
    var pod = group.pod
    let parent = path.first.flatMap(Self.plainName)
    let containers = group.containers.map { container in
      guard container.name == nil, container.hasHexadecimalID,
        let facts = facts(of: container.id, in: parent)
      else { return container }
      pod = Pod(
        uid: group.pod?.uid ?? facts.pod?.uid, namespace: facts.pod?.namespace,
        name: facts.pod?.name)
      if pod == Pod(uid: nil) { pod = nil }
      return Container(id: container.id, name: facts.name, otherNames: facts.otherNames)
    }
    return ControlGroup(path: group.path, unit: group.unit, containers: containers, pod: pod)
  }

  /// Names a container of `ctr`. Its cgroup `/NAMESPACE/NAME` looks like any other, so it is a
  /// container only if containerd knows it.
  private func namingTask(_ group: ControlGroup, _ path: [ArraySlice<UInt8>]) -> ControlGroup {
    guard path.count >= 2, let namespace = Self.plainName(path[0]),
      let name = Self.identifier(path[1])
    else { return group }
    let id = "\(namespace)/\(name)"
    let key = KernelName(id)
    let isTask = known.withLock { known in
      if let facts = known[key] { return facts != nil }
      let isTask = Self.tasks.contains { read("\($0)/\(id)/config.json") != nil }
      known[key] = .some(isTask ? ContainerFacts(name: name) : nil)
      return isTask
    }
    guard isTask else { return group }
    // A unit below it belongs to the container's own systemd.
    return ControlGroup(
      path: group.path, unit: nil, containers: [Container(id: key, name: KernelName(name))],
      pod: nil)
  }

  /// The component as text if containerd accepts it as the name of a container or namespace.
  private static func identifier(_ component: ArraySlice<UInt8>) -> String? {
    let isValid = component.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "-"):
        true
      default: false
      }
    }
    guard isValid, component.first != UInt8(ascii: ".") else { return nil }
    return String(decoding: component, as: UTF8.self)
  }

  /// ``identifier(_:)`` of a component that is no unit of systemd.
  private static func plainName(_ component: ArraySlice<UInt8>) -> String? {
    UnitName.isSystemdName(component) ? nil : identifier(component)
  }

  private func facts(of id: KernelName, in namespace: String?) -> ContainerFacts? {
    known.withLock { known in
      if let facts = known[id] { return facts }
      let text = id.text
      let facts = docker(text) ?? containerd(text, in: namespace) ?? podmanNames(text)
      known[id] = .some(facts)
      return facts
    }
  }

  private func docker(_ id: String) -> ContainerFacts? {
    let configured = read("etc/docker/daemon.json")?["data-root"]?.text
    let roots = [configured.map { String($0.drop { $0 == "/" }) }, "var/lib/docker"]
    for root in roots.compactMap(\.self) {
      if let config = read("\(root)/containers/\(id)/config.v2.json") {
        return ContainerFacts(docker: config)
      }
    }
    return nil
  }

  private func containerd(_ id: String, in namespace: String?) -> ContainerFacts? {
    for tasks in Self.tasks {
      for namespace in Self.namespaces + [namespace].compactMap(\.self) {
        if let config = read("\(tasks)/\(namespace)/\(id)/config.json"),
          let facts = ContainerFacts(containerd: config)
        {
          return facts
        }
      }
    }
    return nil
  }

  private func podmanNames(_ id: String) -> ContainerFacts? {
    podman.withLock { names in
      // A container may have been created since. To read the files for each would take too long.
      if names.map({ $0.names[id] == nil && $0.age > .seconds(1) }) ?? true {
        names = PodmanNames { read($0) }
      }
      return names?.names[id].map { ContainerFacts(name: $0) }
    }
  }

  /// The JSON file at `path` below the root; nil if it does not exist or cannot be trusted.
  private func read(_ path: String) -> JSONValue? {
    guard
      let bytes = try? TrustedFile.read(
        root.pushing(FilePath(path)), asRoot: true, limit: Self.sizeLimit)
    else { return nil }
    return try? JSONParser.parse(bytes[...])
  }
}

/// The names of Podman's and CRI-O's containers, which share their storage.
private struct PodmanNames {
  private(set) var names: [String: String] = [:]
  private let readAt = ContinuousClock.now

  var age: Duration { ContinuousClock.now - readAt }

  private static let roots = ["var/lib/containers/storage", "run/containers/storage"]
  private static let drivers = ["overlay", "vfs", "btrfs", "zfs", "aufs", "devmapper"]

  init(_ read: (String) -> JSONValue?) {
    for root in Self.roots {
      for driver in Self.drivers {
        for file in ["containers.json", "volatile-containers.json"] {
          for container in read("\(root)/\(driver)-containers/\(file)")?.elements ?? [] {
            if let id = container["id"]?.text, let name = container["names"]?.elements?.first?.text
            {
              names[id] = name
            }
          }
        }
      }
    }
  }
}
