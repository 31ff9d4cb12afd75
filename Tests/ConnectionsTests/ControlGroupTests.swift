import Testing

@testable import Connections

/// Cgroup paths as found on real machines.
@Suite struct ControlGroupTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let path: String
    var unit: String?
    var container: String?
    var name: String?
    var pod: String?

    var testDescription: String { path }
  }

  private static let id = String(repeating: "0123456789abcdef", count: 4)
  private static let outer = String(repeating: "fedcba9876543210", count: 4)
  private static let pod = "0c9b6f3e-2b8b-4f0e-9d1e-1234567890ab"
  private static let podInSlice = "0c9b6f3e_2b8b_4f0e_9d1e_1234567890ab"
  private static let filePod = "d5a5a4f4c3f6d32b8b0a1f6dffd2f3a1"

  @Test(arguments: [
    // systemd
    Case(path: "/"),
    Case(path: "/system.slice/nginx.service", unit: "nginx.service"),
    Case(path: "/system.slice/system-getty.slice/getty@tty1.service", unit: "getty@tty1.service"),
    Case(path: "/init.scope", unit: "init.scope"),
    Case(path: "/system.slice"),
    Case(path: "/user.slice/user-1000.slice/session-3.scope", unit: "session-3.scope"),
    Case(
      path: "/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service",
      unit: "foo.service"),
    Case(path: "/user.slice/user-1000.slice/user@1000.service", unit: "user@1000.service"),
    Case(
      path: "/user.slice/user-1000.slice/user@1000.service/init.scope", unit: "init.scope"),
    Case(
      path:
        "/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome\\x2dterminal-9.scope",
      unit: "app-gnome\\x2dterminal-9.scope"),
    Case(path: "/system.slice/php-fpm.service/workers", unit: "php-fpm.service"),
    Case(path: "/system.slice/dev-hugepages.mount", unit: "dev-hugepages.mount"),
    Case(path: "/system.slice/sshd.socket", unit: "sshd.socket"),
    Case(path: "/system.slice/_memory.service", unit: "memory.service"),
    Case(path: "/system.slice/__odd.service", unit: "_odd.service"),
    Case(path: "/system.slice/.service"),
    Case(path: "/system.slice/app.services"),
    Case(path: "/../other.scope", unit: "other.scope"),
    // Docker
    Case(path: "/system.slice/docker-\(id).scope", unit: "docker-\(id).scope", container: id),
    Case(path: "/docker/\(id)", container: id),
    Case(path: "/docker/\(id)/init.scope", container: id),
    Case(path: "/docker/\(outer)/docker/\(id)/system.slice/nginx.service", container: id),
    Case(
      path: "/system.slice/docker-\(id).scope/system.slice/nginx.service",
      unit: "docker-\(id).scope", container: id),
    Case(path: "/docker-ce/docker/\(id)", container: id),
    Case(path: "/../\(id)", container: id),
    Case(path: "/../../system.slice/docker-\(id).scope", unit: "docker-\(id).scope", container: id),
    Case(path: "/../../system.slice/nginx.service", unit: "nginx.service"),
    Case(path: "/system.slice:docker:\(id)", container: id),
    Case(path: "/system.slice/docker.service", unit: "docker.service"),
    Case(path: "/docker/buildkit/rz6ba9wkjuc3gmkpg2wz8j2ho"),
    Case(
      path: "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-\(id).scope",
      unit: "docker-\(id).scope", container: id),
    // Podman
    Case(path: "/machine.slice/libpod-\(id).scope", unit: "libpod-\(id).scope", container: id),
    Case(
      path: "/machine.slice/libpod-\(id).scope/container", unit: "libpod-\(id).scope",
      container: id),
    Case(path: "/machine.slice/libpod-conmon-\(id).scope", unit: "libpod-conmon-\(id).scope"),
    Case(path: "/libpod_parent/libpod-\(id)", container: id),
    Case(path: "/libpod_parent/conmon"),
    Case(
      path: "/system.slice/web.service/libpod-payload-\(id)", unit: "web.service", container: id),
    Case(path: "/system.slice/\(id).service", unit: "\(id).service"),
    Case(
      path: "/machine.slice/machine-libpod_pod_\(outer).slice/libpod-\(id).scope",
      unit: "libpod-\(id).scope", container: id),
    // Kubernetes with systemd
    Case(
      path: "/kubepods.slice/kubepods-besteffort.slice/"
        + "kubepods-besteffort-pod\(podInSlice).slice/cri-containerd-\(id).scope",
      unit: "cri-containerd-\(id).scope", container: id, pod: pod),
    Case(
      path: "/kubepods.slice/kubepods-pod\(podInSlice).slice/crio-\(id).scope",
      unit: "crio-\(id).scope", container: id, pod: pod),
    Case(
      path: "/kubepods.slice/kubepods-burstable.slice/"
        + "kubepods-burstable-pod\(podInSlice).slice/crio-conmon-\(id).scope",
      unit: "crio-conmon-\(id).scope", pod: pod),
    Case(
      path: "/kubepods.slice/kubepods-burstable.slice/"
        + "kubepods-burstable-pod\(filePod).slice/docker-\(id).scope",
      unit: "docker-\(id).scope", container: id, pod: filePod),
    Case(
      path: "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-besteffort.slice/"
        + "kubelet-kubepods-besteffort-pod\(podInSlice).slice/cri-containerd-\(id).scope",
      unit: "cri-containerd-\(id).scope", container: id, pod: pod),
    Case(
      path: "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod\(podInSlice).slice",
      pod: pod),
    // containerd without the systemd cgroup driver
    Case(
      path: "/system.slice/containerd.service/"
        + "kubepods-burstable-pod\(podInSlice).slice:cri-containerd:\(id)",
      unit: "containerd.service", container: id, pod: pod),
    // Kubernetes without systemd
    Case(path: "/kubepods/besteffort/pod\(pod)/\(id)", container: id, pod: pod),
    Case(path: "/kubepods/pod\(filePod)/\(id)", container: id, pod: filePod),
    Case(path: "/kubepods/burstable/pod\(pod)/crio-\(id)", container: id, pod: pod),
    Case(
      path: "/docker/\(outer)/kubelet/kubepods/besteffort/pod\(pod)/\(id)", container: id, pod: pod),
    // Others
    Case(path: "/ecs/55091c13-b8cf-4801-b527-f4601742204d/\(id)", container: id),
    Case(
      path: "/ecstasks.slice/ecstasks-0123456789abcdef0123456789abcdef.slice/docker-\(id).scope",
      unit: "docker-\(id).scope", container: id),
    Case(path: "/actions_job/\(id)", container: id),
    Case(path: "/system.slice/nerdctl-\(id).scope", unit: "nerdctl-\(id).scope", container: id),
    Case(path: "/k8s.io/\(id)", container: id),
    Case(
      path: "/system.slice/garden.service/garden/good/0a1b2c3d-4e5f", unit: "garden.service",
      container: "0a1b2c3d-4e5f", name: "0a1b2c3d-4e5f"),
    Case(path: "/nomad.slice/0c9b6f3e.web.scope", unit: "0c9b6f3e.web.scope"),
    // Fargate
    Case(
      path: "/ecs/0123456789abcdef0123456789abcdef/0123456789abcdef0123456789abcdef-2447051234",
      container: "0123456789abcdef0123456789abcdef-2447051234"),
    Case(path: "/ecs/0123456789abcdef0123456789abcdef"),
    Case(path: "/ecs/t/0123456789abcdef0123456789abcdef-"),
    Case(path: "/ecs/t/0123456789abcdef0123456789abcdef-12x"),
    // LXC and LXD
    Case(path: "/lxc.payload.web", container: "web", name: "web"),
    Case(path: "/lxc.payload.web/init.scope", container: "web", name: "web"),
    Case(
      path: "/lxc.payload.web/system.slice/nginx.service", container: "web", name: "web"),
    Case(path: "/lxc.payload/web", container: "web", name: "web"),
    Case(path: "/lxc/web/system.slice/nginx.service", container: "web", name: "web"),
    Case(path: "/lxc.payload.a.b", container: "a.b", name: "a.b"),
    Case(path: "/lxc.monitor.web"),
    Case(path: "/lxc.pivot"),
    Case(path: "/lxc.payload."),
    Case(path: "/lxc"),
    Case(
      path: "/user.slice/user-1000.slice/session-1.scope/lxc.payload.web", unit: "session-1.scope",
      container: "web", name: "web"),
    Case(path: "/lxc.payload.web/docker/\(id)", container: id),
    // systemd-nspawn
    Case(
      path: "/machine.slice/machine-web.scope", unit: "machine-web.scope", container: "web",
      name: "web"),
    Case(
      path: "/machine.slice/machine-my\\x2dbox.scope/payload/system.slice/nginx.service",
      unit: "machine-my\\x2dbox.scope", container: "my-box", name: "my-box"),
    Case(path: "/machine.slice/machine-web.scope/supervisor", unit: "machine-web.scope"),
    Case(
      path: "/machine.slice/systemd-nspawn@web.service/payload/init.scope",
      unit: "systemd-nspawn@web.service", container: "web", name: "web"),
    Case(
      path: "/machine.slice/systemd-nspawn@web.service/supervisor",
      unit: "systemd-nspawn@web.service"),
    Case(path: "/machine.slice/systemd-nspawn@.service", unit: "systemd-nspawn@.service"),
    // A virtual machine
    Case(
      path: "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/libvirt/emulator",
      unit: "machine-qemu\\x2d1\\x2dvm.scope"),
    // Garden
    Case(
      path: "/garden/0a1b2c3d-4e5f", container: "0a1b2c3d-4e5f", name: "0a1b2c3d-4e5f"),
    Case(path: "/garden-1/handle/init.scope", container: "handle", name: "handle"),
    Case(path: "/garden/bad/handle", container: "handle", name: "handle"),
    Case(path: "/garden"),
    Case(path: "/garden/good"),
    Case(path: "/good/web"),
    Case(path: "/garden-party/web"),
    Case(path: "/workers/f49e8247bf3ab7179a704a0cf2468cc0"),
    // Similar, but none of these
    Case(path: "/docker/\(id.dropLast())"),
    Case(path: "/docker/x\(id)"),
    Case(path: "/docker/\(id.uppercased())"),
    Case(path: "/a/pods"),
    Case(path: "/a/podman.slice"),
    Case(path: "/web-pod\(podInSlice).slice"),
    Case(path: "/kubepods/pod\(pod)0"),
  ])
  func pathNamesUnitContainerAndPod(expected: Case) {
    let group = ControlGroup(path: expected.path)
    #expect(group.path == KernelName(expected.path))
    #expect(group.unit == expected.unit.map { KernelName($0) })
    #expect(group.container?.id == expected.container.map { KernelName($0) })
    #expect(group.container?.name == expected.name.map { KernelName($0) })
    #expect(group.pod?.uid == expected.pod)
  }

  @Test func containerLabelIsItsNameOrShortID() throws {
    let docker = try #require(ControlGroup(path: "/docker/\(Self.id)").container)
    #expect(docker.label == "0123456789ab")
    #expect(Container(id: docker.id, name: "web").label == "web")
    let fargate = "0123456789abcdef0123456789abcdef-2447051234"
    #expect(ControlGroup(path: "/ecs/t/\(fargate)").container?.label == KernelName(fargate))
    let nested = ControlGroup(path: "/docker/\(Self.outer)/docker/\(Self.id)")
    #expect(nested.containers.map(\.id) == [KernelName(Self.outer), KernelName(Self.id)])
  }

  /// Names can be in any encoding.
  @Test func containerNamesKeepTheirBytes() {
    let path = KernelName(bytes: Array("/lxc.payload.".utf8) + [0xff])
    #expect(ControlGroup(path: path).container?.name == KernelName(bytes: [0xff]))
    let escaped = ControlGroup(path: #"/machine.slice/machine-a\xff.scope"#)
    #expect(escaped.container?.name == KernelName(bytes: [0x61, 0xff]))
    #expect(ControlGroup(path: #"/machine.slice/machine-a\x+f.scope"#).container?.name == #"a\x+f"#)
    #expect(ControlGroup(path: #"/machine.slice/machine-a\x2.scope"#).container?.name == #"a\x2"#)
  }

  @Test(arguments: [
    ("/a", "/a", true), ("/a/b", "/a", true), ("/ab", "/a", false), ("/a", "/a/b", false),
    ("/", "/", true), ("/a", "/", true), ("/", "/a", false), ("/a/é", "/a/é", true),
  ])
  func groupIsWithinItselfAndItsAncestors(path: String, ancestor: String, isWithin: Bool) {
    #expect(ControlGroup(path: path).isWithin(KernelName(ancestor)) == isWithin)
  }
}
