import Connections
import Glibc
import SystemPackage
import TestSupport
import Testing

@testable import Operations
@testable import Presentation
@testable import Rendering

/// The names of containers, from the files of their runtimes.
@Suite(.enabled(if: geteuid() == 0, "needs root: only root's files are trusted"))
struct ContainerDirectoryTests {
  private static let id = String(repeating: "0123456789abcdef", count: 4)
  private let tree = ProcTree()

  private func group(_ path: String) -> ControlGroup {
    ContainerDirectory(root: tree.root).naming(ControlGroup(path: path))
  }

  private func docker(_ config: String, under root: String = "var/lib/docker") {
    tree.file("\(root)/containers/\(Self.id)/config.v2.json", config)
  }

  private func task(_ namespace: String, _ id: String, _ config: String) {
    tree.file("run/containerd/io.containerd.runtime.v2.task/\(namespace)/\(id)/config.json", config)
  }

  @Test func dockerNamesItsContainers() {
    docker(#"{"ID":"x","Name":"/web","Config":{"Hostname":"a","Labels":{}}}"#)
    let group = group("/system.slice/docker-\(Self.id).scope")
    #expect(group.container == Container(id: KernelName(Self.id), name: "web"))
    #expect(group.unit == KernelName("docker-\(Self.id).scope") && group.pod == nil)
  }

  @Test func dockerCanHaveAnotherDataRoot() {
    tree.file("etc/docker/daemon.json", #"{"data-root": "/srv/docker"}"#)
    docker(#"{"Name":"/web"}"#, under: "srv/docker")
    #expect(group("/docker/\(Self.id)").container?.name == "web")
  }

  @Test(arguments: [
    #"{"Name":"/k8s_nginx_web-1_shop_0c9b6f3e-2b8b-4f0e-9d1e-1234567890ab_0"}"#,
    #"""
    {"Name":"/anything","Config":{"Labels":{"io.kubernetes.container.name":"nginx",
    "io.kubernetes.pod.name":"web-1","io.kubernetes.pod.namespace":"shop",
    "io.kubernetes.pod.uid":"0c9b6f3e-2b8b-4f0e-9d1e-1234567890ab"}}}
    """#,
  ])
  func podsInDockerAreNamed(config: String) {
    docker(config)
    let group = group("/docker/\(Self.id)")
    #expect(group.container?.name == "nginx")
    #expect(group.container?.otherNames == ["shop/web-1/nginx"])
    #expect(group.pod?.label == "shop/web-1")
    #expect(group.pod?.uid == "0c9b6f3e-2b8b-4f0e-9d1e-1234567890ab")
  }

  @Test func podsInContainerdAreNamed() {
    let sandbox = String(repeating: "f", count: 64)
    task(
      "k8s.io", Self.id,
      #"""
      {"ociVersion":"1.0","annotations":{"io.kubernetes.cri.container-name":"nginx",
      "io.kubernetes.cri.container-type":"container","io.kubernetes.cri.sandbox-id":"x",
      "io.kubernetes.cri.sandbox-name":"web-1","io.kubernetes.cri.sandbox-namespace":"shop"}}
      """#)
    task(
      "k8s.io", sandbox,
      #"""
      {"annotations":{"io.kubernetes.cri.container-type":"sandbox",
      "io.kubernetes.cri.sandbox-name":"web-1","io.kubernetes.cri.sandbox-namespace":"shop",
      "io.kubernetes.cri.sandbox-uid":"u"}}
      """#)
    let uid = "0c9b6f3e-2b8b-4f0e-9d1e-1234567890ab"
    let inPod = group("/kubepods/besteffort/pod\(uid)/\(Self.id)")
    #expect(inPod.container?.name == "nginx")
    #expect(inPod.pod == Pod(uid: uid, namespace: "shop", name: "web-1"))
    let outside = group("/k8s.io/\(sandbox)")
    #expect(outside.container?.name == "POD")
    #expect(outside.pod == Pod(uid: "u", namespace: "shop", name: "web-1"))
  }

  @Test func nerdctlContainersAreNamedInAnyNamespace() {
    task("shop", Self.id, #"{"annotations":{"nerdctl/name":"web"}}"#)
    #expect(group("/shop/\(Self.id)").container?.name == "web")
    #expect(group("/other/\(Self.id)").container?.name == nil)
  }

  @Test(arguments: ["overlay", "vfs"])
  func podmanAndCRIOContainersAreNamed(driver: String) {
    let other = String(repeating: "e", count: 64)
    tree.file(
      "var/lib/containers/storage/\(driver)-containers/containers.json",
      #"[{"id":"\#(Self.id)","names":["web"]},"#
        + #"{"id":"\#(other)","names":["k8s_nginx_web-1_shop_u_0"]},{"id":"x"}]"#)
    #expect(group("/libpod_parent/libpod-\(Self.id)").container?.name == "web")
    let pod = group("/kubepods.slice/crio-\(other).scope")
    #expect(pod.container?.name == "nginx" && pod.pod?.label == "shop/web-1")
  }

  /// The cgroup of `ctr` looks like any other with two components.
  @Test func aCtrContainerMustBeKnownToContainerd() {
    task("shop", "web", "{}")
    let found = group("/shop/web")
    #expect(found.container == Container(id: "shop/web", name: "web"))
    #expect(group("/shop/web/init.scope").unit == nil)
    #expect(group("/shop/api").container == nil)
    #expect(group("/jail/web").container == nil)
    #expect(group("/shop/..").container == nil)
    #expect(group("/../web").container == nil)
    task("system.slice", "web", "{}")
    #expect(group("/system.slice/web").container == nil)
  }

  /// Users can create cgroups with any name there.
  @Test func containersOfUsersAreNotNamed() {
    docker(#"{"Name":"/web"}"#)
    let group = group("/user.slice/user-1000.slice/user@1000.service/docker-\(Self.id).scope")
    #expect(group.container == Container(id: KernelName(Self.id)))
  }

  @Test func onlyFilesOfRootAreTrusted() {
    docker(#"{"Name":"/web"}"#)
    let file = tree.path("var/lib/docker/containers/\(Self.id)/config.v2.json")
    #expect(chown(file, 1000, 1000) == 0)
    #expect(group("/docker/\(Self.id)").container?.name == nil)
    #expect(chown(file, 0, 0) == 0 && chmod(file, 0o666) == 0)
    #expect(group("/docker/\(Self.id)").container?.name == nil)
    #expect(chmod(file, 0o600) == 0)
    #expect(group("/docker/\(Self.id)").container?.name == "web")
    let unprivileged = ContainerDirectory(root: tree.root, asRoot: false)
    #expect(
      unprivileged.naming(ControlGroup(path: "/docker/\(Self.id)")).container?.name == nil)
  }

  @Test(arguments: ["", "{", "[]", "null", #"{"Name":7}"#, #"{"Name":""}"#, #"{"Name":"/"}"#])
  func invalidFilesAreIgnored(config: String) {
    docker(config)
    task("k8s.io", Self.id, config)
    tree.file("var/lib/containers/storage/vfs-containers/containers.json", config)
    #expect(group("/docker/\(Self.id)").container == Container(id: KernelName(Self.id)))
  }

  @Test func nestedContainersAreNamed() {
    docker(#"{"Name":"/outer"}"#)
    let group = group("/docker/\(Self.id)/lxc.payload.inner")
    #expect(group.containers.map(\.name) == ["outer", "inner"])
  }
}
