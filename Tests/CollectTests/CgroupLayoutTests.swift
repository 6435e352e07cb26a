import Testing

@testable import Collect

@Suite("The layouts of cgroups that runtimes make")
struct CgroupLayoutTests {
  struct Layout: Sendable, CustomTestStringConvertible {
    /// Runtime and driver; where two are named, the kubelet's and the runtime's.
    var maker: String
    var path: String
    var pod: CgroupPod?

    init(_ maker: String, _ path: String, pod: CgroupPod? = nil) {
      (self.maker, self.path, self.pod) = (maker, path, pod)
    }

    var testDescription: String { maker }
  }

  private static let id = "79fedb3bd23ca77c9d9ccb41909038316f713df22b54b7d942b71d3812e7c74e"
  private static let node = "ca440a47ea65f16b52fe7a5745efdcb9abd540991840308dfe1e7b69043d764e"
  private static let uid = "33335588-2fce-4cc9-b1d7-4e1f0dd2d3a0"
  private static let under = "33335588_2fce_4cc9_b1d7_4e1f0dd2d3a0"
  private static let hash = "36b6d6be73b1065af369b3985edafa09"
  private static let kubernetes = CgroupPod.kubernetes(uid: uid)
  private static let isStatic = CgroupPod.kubernetes(uid: hash)
  private static let podman = CgroupPod.podman(id: node)
  private static let qos = "kubepods.slice/kubepods-burstable.slice"

  private static let layouts: [Layout] = [
    // Kubernetes, one driver.
    .init("containerd, cgroupfs, guaranteed", "/kubepods/pod\(uid)/\(id)", pod: kubernetes),
    .init(
      "containerd, cgroupfs, burstable", "/kubepods/burstable/pod\(uid)/\(id)", pod: kubernetes),
    .init(
      "containerd, cgroupfs, best effort", "/kubepods/besteffort/pod\(uid)/\(id)",
      pod: kubernetes),
    .init(
      "containerd, cgroupfs, static pod", "/kubepods/burstable/pod\(hash)/\(id)", pod: isStatic),
    .init(
      "containerd, cgroupfs, uid given in the manifest", "/kubepods/podmine/\(id)",
      pod: .kubernetes(uid: "mine")),
    .init(
      "containerd, systemd, guaranteed",
      "/kubepods.slice/kubepods-pod\(under).slice/cri-containerd-\(id).scope", pod: kubernetes),
    .init(
      "containerd, systemd, burstable",
      "/\(qos)/kubepods-burstable-pod\(under).slice/cri-containerd-\(id).scope", pod: kubernetes),
    .init(
      "containerd, systemd, best effort",
      "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod\(under).slice"
        + "/cri-containerd-\(id).scope", pod: kubernetes),
    .init(
      "containerd, systemd, static pod",
      "/\(qos)/kubepods-burstable-pod\(hash).slice/cri-containerd-\(id).scope", pod: isStatic),
    .init(
      "containerd, systemd, --cgroup-root=/fleet/a",
      "/fleet.slice/fleet-a.slice/fleet-a-kubepods.slice/fleet-a-kubepods-pod\(under).slice"
        + "/cri-containerd-\(id).scope", pod: kubernetes),
    .init("CRI-O, cgroupfs", "/kubepods/burstable/pod\(uid)/crio-\(id)", pod: kubernetes),
    .init(
      "CRI-O, systemd", "/\(qos)/kubepods-burstable-pod\(under).slice/crio-\(id).scope",
      pod: kubernetes),
    .init("cri-dockerd, cgroupfs", "/kubepods/besteffort/pod\(uid)/\(id)", pod: kubernetes),
    .init(
      "cri-dockerd, systemd", "/\(qos)/kubepods-burstable-pod\(under).slice/docker-\(id).scope",
      pod: kubernetes),
    .init("k3s, --cgroup-root=/k3s", "/k3s/kubepods/pod\(uid)/\(id)", pod: kubernetes),
    // Kubernetes, the kubelet with systemd and the runtime with cgroupfs.
    .init(
      "systemd, containerd cgroupfs, v1, static pod",
      "/system.slice/containerd.service/kubepods-burstable-pod\(hash).slice:cri-containerd:\(id)",
      pod: isStatic),
    .init(
      "systemd, containerd cgroupfs, v1, guaranteed",
      "/system.slice/containerd.service/kubepods-pod\(under).slice:cri-containerd:\(id)",
      pod: kubernetes),
    .init(
      "systemd, containerd cgroupfs, v2",
      "/system.slice/kubepods-besteffort-pod\(under).slice:cri-containerd:\(id)", pod: kubernetes),
    .init(
      "systemd, k3s cgroupfs",
      "/system.slice/k3s.service/kubepods-burstable-pod\(under).slice:cri-containerd:\(id)",
      pod: kubernetes),
    .init(
      "systemd's text as a path, CRI-O's prefix",
      "/kubepods-burstable-pod\(under).slice:crio:\(id)",
      pod: kubernetes),
    .init(
      "systemd, cri-dockerd cgroupfs", "/kubepods-besteffort-pod\(under).slice/\(id)",
      pod: kubernetes),
    .init(
      "systemd, Docker cgroupfs, Kubernetes 1.5",
      "/system.slice/docker.service/BestEffort.slice/BestEffort-pod\(under).slice/\(id)",
      pod: kubernetes),
    // Nested.
    .init(
      "kind, within the node",
      "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod\(under).slice"
        + "/cri-containerd-\(id).scope", pod: kubernetes),
    .init(
      "kind, from the host, systemd",
      "/system.slice/docker-\(node).scope/kubelet.slice/kubelet-kubepods.slice"
        + "/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod\(under).slice"
        + "/cri-containerd-\(id).scope", pod: kubernetes),
    .init(
      "kind, from the host, cgroupfs",
      "/docker/\(node)/kubelet/kubepods/burstable/pod\(uid)/\(id)", pod: kubernetes),
    .init(
      "minikube with CRI-O in Docker",
      "/docker/\(node)/kubepods.slice/kubepods-besteffort.slice"
        + "/kubepods-besteffort-pod\(under).slice/crio-\(id).scope", pod: kubernetes),
    .init("Docker in Docker, cgroupfs", "/docker/\(node)/docker/\(id)"),
    .init("Docker in Docker, systemd", "/system.slice/docker-\(node).scope/docker/\(id)"),
    .init(
      "Docker in a pod of Kubernetes", "/kubepods/burstable/pod\(uid)/\(node)/docker/\(id)",
      pod: kubernetes),
    // Without Kubernetes.
    .init("Docker, cgroupfs", "/docker/\(id)"),
    .init("Docker, systemd", "/system.slice/docker-\(id).scope"),
    .init(
      "Docker, systemd, rootless",
      "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-\(id).scope"),
    .init("Docker, systemd, --cgroup-parent=shop.slice", "/shop.slice/docker-\(id).scope"),
    .init("Docker, cgroupfs, --cgroup-parent=/shop", "/shop/\(id)"),
    .init("systemd's text as a path, Docker's prefix", "/docker/\(node)/system.slice:docker:\(id)"),
    .init("Amazon ECS, cgroupfs", "/ecs/\(hash)/\(id)"),
    .init("Amazon ECS, systemd", "/ecstasks.slice/ecstasks-\(hash).slice/docker-\(id).scope"),
    .init("nerdctl, cgroupfs", "/default/\(id)"),
    .init("nerdctl, systemd", "/system.slice/nerdctl-\(id).scope"),
    .init("podman, cgroupfs", "/libpod_parent/libpod-\(id)"),
    .init("podman, cgroupfs, pod", "/libpod_parent/\(node)/libpod-\(id)", pod: podman),
    .init("podman, systemd", "/machine.slice/libpod-\(id).scope"),
    .init(
      "podman, systemd, pod",
      "/machine.slice/machine-libpod_pod_\(node).slice/libpod-\(id).scope", pod: podman),
    .init(
      "podman, systemd, rootless",
      "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-\(id).scope"),
    .init(
      "podman, systemd, rootless, pod",
      "/user.slice/user-1000.slice/user@1000.service/user.slice/user-libpod_pod_\(node).slice"
        + "/libpod-\(id).scope", pod: podman),
    .init("podman, --cgroups=split", "/system.slice/shop.service/libpod-payload-\(id)"),
  ]

  @Test("each is a container, and of the pod that it is of", arguments: layouts)
  func known(layout: Layout) throws {
    let names = layout.path.split(separator: "/")
    #expect(
      CgroupName(try #require(names.last), in: names.dropLast().last ?? "")
        == .container(id: Self.id))
    #expect(CgroupPod(inPath: layout.path) == layout.pod)
    // crun puts the processes one level down.
    #expect(
      ProcessCgroups(text: "0::\(layout.path)/container\n").path(ofContainer: Self.id)
        == layout.path)
    for name in names.dropLast() {
      switch CgroupName(name, in: "") {
      case .other: #expect(!name.contains(Self.node) || layout.pod == Self.podman)
      case .container(let id): #expect(id == Self.node)
      case .pod, .unknown: Issue.record("\(name)")
      }
    }
  }

  @Test("found by walking, with nothing left that is not understood", arguments: layouts)
  func walked(layout: Layout) async throws {
    let tree = try TemporaryDirectory()
    try tree.write("42\n", to: layout.path.dropFirst() + "/container/cgroup.procs")
    let hierarchies = CgroupHierarchies(
      mountinfo: "30 23 0:26 / \(tree.path) rw - cgroup2 cgroup2 rw")
    let source = try #require(CgroupSource(hierarchies: hierarchies, node: "n"))
    let snapshot = try await source.snapshot()
    let container = try #require(snapshot.containers.first { $0.id == Self.id })
    #expect(container.cgroupPath == layout.path)
    switch layout.pod {
    case .kubernetes(let uid): #expect((container.podUID, container.pod) == (uid, uid))
    case .podman(let id):
      #expect((container.podID, container.pod) == (id, String(id.prefix(12))))
    case nil: #expect(container.pod.isEmpty)
    }
    #expect(snapshot.containers.allSatisfy { [Self.id, Self.node].contains($0.id) })
    #expect(snapshot.unknownCgroups.isEmpty)
  }

  @Test(
    "what a runtime runs besides its containers is none",
    arguments: [
      "crio-conmon-\(id).scope", "crio-conmon-\(id)", "libpod-conmon-\(id).scope", "conmon",
      "\(id).service", "\(id)-6f2a91c3.service", "var-lib-docker-overlay2-\(id)-merged.mount",
      "run-containerd-io.containerd.runtime.v2.task-k8s.io-\(id)-rootfs.mount", "system.slice",
      "docker", "", ".scope", "docker-.scope", "\(id.dropLast())", "\(id)0",
      "\(id.uppercased())", "kubepods-burstable-pod\(hash).slice",
    ])
  func others(name: String) {
    #expect(CgroupName(name[...], in: "system.slice") == .other)
  }

  @Test(
    "an id in a name that no runtime gives is not guessed at",
    arguments: [
      "docker-\(id)", "x-\(id).scope", "\(id).scope", "kata_\(id)", "a.slice:x:\(id)",
      "xdocker-\(id).scope", "docker:\(id)", "cri-containerd-\(id).scope.d",
    ])
  func unknown(name: String) {
    #expect(CgroupName(name[...], in: "system.slice") == .unknown)
  }

  @Test(
    "no pod is made of what only begins like one",
    arguments: [
      "/podman/\(id)", "/pods/\(id)", "/pod/\(id)", "/a-pod.slice/docker-\(id).scope",
      "/my-podium.slice/docker-\(id).scope", "/docker/\(id)",
    ])
  func noPod(path: String) {
    #expect(CgroupPod(inPath: path) == nil)
  }

  @Test(
    "a layout is the path without what is one container's",
    arguments: [
      ("/a/kata_\(id)", "/a/kata_<id>"),
      ("/kubepods/pod\(uid)/x-\(id).y", "/kubepods/pod<id>/x-<id>.y"),
      ("/kubepods-pod\(under).slice:x:\(id)", "/kubepods-pod<id>.slice:x:<id>"),
      ("/kubepods-pod\(hash).slice/y-\(id)-", "/kubepods-pod<id>.slice/y-<id>-"),
      ("/cri-containerd-\(id).scope", "/cri-containerd-<id>.scope"),
      ("/decade-beef_1", "/decade-beef_1"),
    ])
  func layoutText(path: String, layout: String) {
    #expect(CgroupName.layout(of: path) == layout)
  }
}
