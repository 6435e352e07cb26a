import ArgumentParser
import CRI
import Foundation

/// Makes real pods at a container runtime without Kubernetes, for tests and the demo.
@main
struct VigilPods: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vigil-pods",
    abstract: "Makes pods of one container at a container runtime, over its CRI socket.",
    subcommands: [Run.self, Restart.self, Exec.self, List.self, Stop.self, Remove.self])

  @Option(help: "The runtime's socket: a path, or unix://PATH.")
  var socket = "/run/containerd/containerd.sock"

  var pods: Pods {
    get throws { Pods(connection: try CRIConnection(endpoint: socket)) }
  }
}

extension VigilPods {
  struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Starts a pod on the host's network; prints pod=ID container=ID.")

    @ParentCommand var parent: VigilPods
    @Option(help: "The pod's name.") var name: String
    @Option(help: "The pod's namespace.") var namespace = "default"
    @Option(help: "The container's name.") var container = "main"
    @Option(help: "An image that the runtime has.") var image = "docker.io/local/busybox:1"
    @Option(help: "Kubernetes' id of the pod; a random one if not told.") var uid: String?
    @Option(help: "A variable K=V of the environment; may be repeated.") var env: [Pair] = []
    @Option(help: "HOST:CONTAINER, paths; may be repeated.") var mount: [Mount] = []
    @Option(help: "A label K=V of the pod; may be repeated.") var label: [Pair] = []
    @Option(help: "Bytes.") var memoryLimit: Int64 = 0
    @Option(help: "The cgroup in which the pod's are made.") var cgroupParent = ""
    @Option(help: "A directory for what containers print.") var logDirectory = ""
    @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.")
    var command: [String] = []

    func run() async throws {
      var pod = PodConfiguration(name: name, image: image)
      pod.namespace = namespace
      pod.container = container
      pod.uid = uid ?? pod.uid
      pod.environment = env.map { ($0.key, $0.value) }
      pod.mounts = mount.map { ($0.host, $0.container) }
      pod.labels = Dictionary(
        label.map { ($0.key, $0.value) }, uniquingKeysWith: { _, last in last })
      pod.memoryLimit = memoryLimit
      pod.cgroupParent = cgroupParent
      pod.logDirectory = logDirectory
      pod.command = command
      let ids = try await parent.pods.run(pod)
      print("pod=\(ids.pod) container=\(ids.container)")
    }
  }

  struct Restart: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Kills a pod's container and starts the next attempt; prints pod=ID container=ID.")

    @ParentCommand var parent: VigilPods
    @Option(help: "Seconds that it may take to end by itself.") var grace: Int64 = 0
    @Argument(help: "A pod's name, or the beginning of its id.") var pod: String

    func run() async throws {
      let ids = try await parent.pods.restart(pod, grace: .seconds(grace))
      print("pod=\(ids.pod) container=\(ids.container)")
    }
  }

  struct Exec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Runs a command in a pod's container; its exit status becomes this one's.")

    @ParentCommand var parent: VigilPods
    @Option(help: "Seconds after which the runtime ends it.") var timeout: Int64 = 30
    @Argument(help: "A pod's name, or the beginning of its id or a container's.") var pod: String
    @Argument(parsing: .postTerminator, help: "The program and its arguments, after --.")
    var command: [String]

    func run() async throws {
      let result = try await parent.pods.exec(pod, command: command, timeout: .seconds(timeout))
      try FileHandle.standardOutput.write(contentsOf: result.output)
      try FileHandle.standardError.write(contentsOf: result.error)
      throw ExitCode(result.exitCode)
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints a line for each container, with a dash for what a pod has not.")

    @ParentCommand var parent: VigilPods

    func run() async throws {
      let rows = try await parent.pods.list()
      let header = ["NAMESPACE", "POD", "CONTAINER", "ATTEMPT", "STATE", "POD-ID", "CONTAINER-ID"]
      let lines = [header] + rows.map(Self.cells)
      let widths = header.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
      for line in lines {
        print(
          zip(line, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
            .joined(separator: "  "))
      }
    }

    private static func cells(_ row: Pods.Listed) -> [String] {
      let container = row.container
      return [
        row.namespace, row.pod, container?.name ?? "-", container.map { "\($0.attempt)" } ?? "-",
        container?.state ?? "-", row.podID, container?.id ?? "-",
      ].map { $0.isEmpty ? "-" : $0 }
    }
  }

  struct Stop: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Stops pods or containers.")

    @ParentCommand var parent: VigilPods
    @Option(help: "Seconds that a container may take to end by itself.") var grace: Int64 = 0
    @Argument(help: "Pods' names, or the beginnings of ids.") var pods: [String]

    func run() async throws {
      let runtime = try parent.pods
      for pod in pods { try await runtime.stop(pod, grace: .seconds(grace)) }
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Stops and removes pods or containers.")

    @ParentCommand var parent: VigilPods
    @Flag(help: "Every pod of the runtime.") var all = false
    @Argument(help: "Pods' names, or the beginnings of ids.") var pods: [String] = []

    func validate() throws {
      guard all != !pods.isEmpty else {
        throw ValidationError("name pods, or say --all")
      }
    }

    func run() async throws {
      let runtime = try parent.pods
      if all { try await runtime.removeAll() }
      for pod in pods { try await runtime.remove(pod) }
    }
  }
}
