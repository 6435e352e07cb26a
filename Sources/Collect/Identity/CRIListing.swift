import CRI
import Foundation

extension RuntimeListing.Pod {
  init(_ pod: Runtime_V1_PodSandbox) {
    self.init(
      id: pod.id, name: pod.metadata.name, uid: pod.metadata.uid,
      namespace: pod.metadata.namespace, labels: pod.labels)
  }
}

extension RuntimeListing.Container {
  init(_ container: Runtime_V1_Container) {
    self.init(
      id: container.id, podID: container.podSandboxID, name: container.metadata.name,
      attempt: container.metadata.attempt, image: container.image.image,
      state: .init(container.state), labels: container.labels)
  }
}

extension RuntimeListing.Status {
  /// Throws where the verbose part is not the JSON that it should be.
  init(_ answer: Runtime_V1_ContainerStatusResponse) throws {
    let info = try answer.info["info"].map { text in
      guard text.utf8.count <= Self.maximumInfo else {
        throw RuntimeInfo.TooLarge(count: text.utf8.count, limit: Self.maximumInfo)
      }
      return try JSONDecoder().decode(RuntimeInfo.self, from: Data(text.utf8))
    }
    let status = answer.status
    self.init(
      state: .init(status.state), startedAt: status.startedAt, finishedAt: status.finishedAt,
      exitCode: status.exitCode, reason: status.reason, image: status.image.image, pid: info?.pid,
      cgroupsPath: info?.runtimeSpec?.linux?.cgroupsPath)
  }

  /// Bytes; some ten thousand are usual.
  private static let maximumInfo = 1 << 20
}

extension RuntimeListing.State {
  init(_ state: Runtime_V1_ContainerState) {
    self =
      switch state {
      case .containerCreated: .created
      case .containerRunning: .running
      case .containerExited: .exited
      case .containerUnknown: .other("CONTAINER_UNKNOWN")
      case .UNRECOGNIZED(let number): .other("\(number)")
      }
  }
}
