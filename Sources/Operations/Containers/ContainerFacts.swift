package import Connections
package import Rendering

/// What the files of a runtime say of one container.
package struct ContainerFacts: Equatable {
  package let name: KernelName
  package var otherNames: [KernelName] = []
  package var pod: Pod?

  /// What `config.v2.json` of Docker says.
  package init?(docker config: JSONValue) {
    guard let name = config["Name"]?.text?.drop(while: { $0 == "/" }), !name.isEmpty else {
      return nil
    }
    self.init(name: String(name), annotations: config["Config"]?["Labels"])
  }

  /// What the annotations of a configuration by containerd (`config.json`) say: those of its CRI
  /// plugin, or of nerdctl.
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

  /// What the name that a runtime keeps says, such as `web`.
  ///
  /// CRI-O and cri-dockerd put all in it: `k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT`.
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

  /// A container of a pod. The one that only keeps the pod's namespaces has no name of its own.
  private init(name: String?, of pod: Pod) {
    let name = name ?? "POD"
    self.name = KernelName(name)
    self.pod = pod
    otherNames = [pod.label + "/\(name)"]
  }
}
