import Foundation

/// What `crictl` prints as JSON, as far as the collector reads it.
///
/// Unknown keys are passed over. In lists an element that is not as expected becomes nil, and the
/// others are kept.
enum CrictlOutput {
  struct Pods: Decodable {
    var items: [Lenient<Pod>]
  }

  struct Pod: Decodable {
    var id: String
    var metadata: Metadata
    var labels: [String: String]?

    struct Metadata: Decodable {
      var name: String
      var uid: String?
      var namespace: String?
    }
  }

  struct Containers: Decodable {
    var containers: [Lenient<Container>]
  }

  struct Container: Decodable {
    var id: String
    var podSandboxId: String
    var metadata: Metadata
    var image: Image?
    /// `CONTAINER_CREATED`, `CONTAINER_RUNNING`, `CONTAINER_EXITED`, `CONTAINER_UNKNOWN`.
    var state: String
    var labels: [String: String]?

    struct Metadata: Decodable {
      var name: String
      var attempt: UInt32?
    }

    struct Image: Decodable {
      var image: String?
    }
  }

  struct Inspection: Decodable {
    var status: Status
    var info: Info?

    struct Status: Decodable {
      var state: String
      var startedAt: String?
      var finishedAt: String?
      var exitCode: Int32?
      var reason: String?
      var image: Container.Image?
    }

    struct Info: Decodable {
      var pid: Int32?
      var runtimeSpec: RuntimeSpec?
    }

    struct RuntimeSpec: Decodable {
      var linux: Linux?

      struct Linux: Decodable {
        var cgroupsPath: String?
      }
    }
  }

  struct Lenient<Value: Decodable>: Decodable {
    var value: Value?

    init(from decoder: any Decoder) {
      value = try? Value(from: decoder)
    }
  }
}
