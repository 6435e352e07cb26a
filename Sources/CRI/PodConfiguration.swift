import Foundation

/// What a pod with one container is made of.
package struct PodConfiguration: Sendable {
  package var name: String
  package var namespace = "default"
  /// Kubernetes' id of the pod; the runtime takes it as given.
  package var uid = Self.randomUID()
  /// Of the pod.
  package var labels: [String: String] = [:]
  package var container = "main"
  package var image: String
  /// The program and its arguments; empty for the image's own.
  package var command: [String] = []
  package var environment: [(name: String, value: String)] = []
  package var mounts: [(host: String, container: String)] = []
  /// Bytes; 0 for no limit.
  package var memoryLimit: Int64 = 0
  /// The directory below the cgroup hierarchies' roots in which the pod's cgroups are made; empty
  /// for the runtime's own place.
  package var cgroupParent = ""
  /// Where the containers' output is kept, in a file for each; empty to drop it.
  package var logDirectory = ""

  package init(name: String, image: String) {
    self.name = name
    self.image = image
  }

  /// Everything but processes and files is shared with the host, so that no network has to be set
  /// up: pods talk over loopback.
  var sandbox: Runtime_V1_PodSandboxConfig {
    .with {
      $0.metadata = .with {
        $0.name = name
        $0.namespace = namespace
        $0.uid = uid
      }
      $0.labels = labels
      $0.logDirectory = logDirectory
      $0.linux = .with {
        $0.cgroupParent = cgroupParent
        $0.securityContext = .with { $0.namespaceOptions = Self.namespaces }
      }
    }
  }

  var firstContainer: Runtime_V1_ContainerConfig {
    .with {
      $0.metadata = .with { $0.name = container }
      $0.image = .with { $0.image = image }
      $0.command = command
      $0.envs = environment.map { variable in
        .with {
          $0.key = variable.name
          $0.value = Data(variable.value.utf8)
        }
      }
      $0.mounts = mounts.map { mount in
        .with {
          $0.hostPath = mount.host
          $0.containerPath = mount.container
        }
      }
      $0.linux = .with {
        $0.resources = .with { $0.memoryLimitInBytes = memoryLimit }
        $0.securityContext = .with { $0.namespaceOptions = Self.namespaces }
      }
      $0.logPath = logDirectory.isEmpty ? "" : Self.logFile(of: $0.metadata, pod: name)
    }
  }

  static func logFile(of container: Runtime_V1_ContainerMetadata, pod name: String) -> String {
    "\(name)_\(container.name)_\(container.attempt).log"
  }

  private static let namespaces = Runtime_V1_NamespaceOption.with { $0.network = .node }

  package static func randomUID() -> String { UUID().uuidString.lowercased() }
}
