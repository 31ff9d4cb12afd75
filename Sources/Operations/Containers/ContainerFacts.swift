package import Connections
package import Rendering

/// The names of one container, from the files of its runtime.
package struct ContainerFacts: Equatable {
  package let name: KernelName
  package var otherNames: [KernelName] = []
  package var pod: Pod?

  /// From Docker's `config.v2.json`.
  package init?(docker config: JSONValue) {
    guard let name = config["Name"]?.text?.drop(while: { $0 == "/" }), !name.isEmpty else {
      return nil
    }
    self.init(name: String(name), annotations: config["Config"]?["Labels"])
  }

  /// From the annotations in containerd's `config.json`, written by its CRI plugin or nerdctl.
  package init?(containerd config: JSONValue) {
    guard let annotations = config["annotations"] else { return nil }
    func value(_ name: String) -> String? { annotations["io.kubernetes.cri.\(name)"]?.text }
    if let pod = value("sandbox-name") {
      self.init(
        name: value("container-name"),
        of: Pod(
          uid: value("sandbox-uid"), namespace: value("sandbox-namespace").map { KernelName($0) },
          name: KernelName(pod)))
    } else if let name = annotations["nerdctl/name"]?.text {
      self.init(name: name)
    } else {
      return nil
    }
  }

  /// From a name such as `web`.
  ///
  /// CRI-O and cri-dockerd use `k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT`.
  package init(name: String, annotations: JSONValue? = nil) {
    let parts = name.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
    func value(_ key: String) -> String? { annotations?["io.kubernetes.\(key)"]?.text }
    if let pod = value("pod.name") {
      self.init(
        name: value("container.name"),
        of: Pod(
          uid: value("pod.uid"), namespace: value("pod.namespace").map { KernelName($0) },
          name: KernelName(pod)))
    } else if parts.count == 6, parts[0] == "k8s" {
      self.init(
        name: parts[1],
        of: Pod(
          uid: parts[4], namespace: KernelName(parts[3]), name: KernelName(parts[2])))
    } else {
      self.init(plainName: KernelName(name))
    }
  }

  private init(plainName: KernelName) { name = plainName }

  /// A container of a pod. The one that only holds the pod's namespaces has no name of its own.
  private init(name: String?, of pod: Pod) {
    let name = name ?? "POD"
    self.name = KernelName(name)
    self.pod = pod
    otherNames = [pod.label + "/\(name)"]
  }
}
