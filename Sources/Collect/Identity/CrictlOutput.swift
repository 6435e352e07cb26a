import Foundation
import TimeSeries

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
    var info: RuntimeInfo?

    struct Status: Decodable {
      var state: String
      var startedAt: String?
      var finishedAt: String?
      var exitCode: Int32?
      var reason: String?
      var image: Container.Image?
    }
  }

  struct Lenient<Value: Decodable>: Decodable {
    var value: Value?

    init(from decoder: any Decoder) {
      value = try? Value(from: decoder)
    }
  }
}

extension CrictlOutput.Pod {
  var listed: RuntimeListing.Pod {
    .init(
      id: id, name: metadata.name, uid: metadata.uid ?? "", namespace: metadata.namespace ?? "",
      labels: labels ?? [:])
  }
}

extension CrictlOutput.Container {
  var listed: RuntimeListing.Container {
    .init(
      id: id, podID: podSandboxId, name: metadata.name, attempt: metadata.attempt ?? 0,
      image: image?.image ?? "", state: .init(crictl: state), labels: labels ?? [:])
  }
}

extension CrictlOutput.Inspection {
  var listed: RuntimeListing.Status {
    .init(
      state: .init(crictl: status.state),
      startedAt: status.startedAt.flatMap(TimestampText.timestamp(rfc3339:)),
      finishedAt: status.finishedAt.flatMap(TimestampText.timestamp(rfc3339:)),
      exitCode: status.exitCode,
      reason: status.reason ?? "", image: status.image?.image ?? "", pid: info?.pid,
      cgroupsPath: info?.runtimeSpec?.linux?.cgroupsPath)
  }
}

extension RuntimeListing.State {
  init(crictl word: String) {
    self =
      switch word {
      case "CONTAINER_CREATED": .created
      case "CONTAINER_RUNNING": .running
      case "CONTAINER_EXITED": .exited
      default: .other(word)
      }
  }
}
