import Foundation
import TimeSeries

/// The containers as the `crictl` command prints them.
///
/// A snapshot runs `crictl pods`, `crictl ps -a`, and `crictl inspect` for each container that is
/// new or whose state has changed (``RuntimeMemory``). Pods are listed before containers, so that a container whose pod is missing is one whose
/// pod came in between; the next snapshot has both.
public actor CrictlSource: RuntimeSource {
  public enum Failure: Error, Hashable, CustomStringConvertible {
    /// The command could not be run or failed.
    case command(String)
    /// The runtime does not answer.
    case timedOut(String)
    /// What it printed is not the JSON that it should be.
    case malformed(command: String, reason: String)

    var isTimeout: Bool {
      if case .timedOut = self { true } else { false }
    }

    public var description: String {
      switch self {
      case .command(let reason), .timedOut(let reason): reason
      case .malformed(let command, let reason): "\(command): unexpected output: \(reason)"
      }
    }
  }

  public nonisolated let name: String
  private let command: Command
  private let endpoint: [String]
  private var memory: RuntimeMemory

  /// - Parameters:
  ///   - path: the path of `crictl`.
  ///   - endpoint: the runtime's socket, such as `unix:///run/containerd/containerd.sock`; nil for
  ///     what crictl's own configuration says.
  ///   - timeout: how long each run may take.
  ///   - cgroupID: the inode of the cgroup v2 directory at a path from the hierarchy's root.
  ///   - cgroupsOfProcess: the text of `/proc/PID/cgroup`.
  public init(
    path: String, endpoint: String? = nil, node: String, timeout: Duration = .seconds(10),
    cgroupID: @escaping @Sendable (String) -> UInt64?,
    cgroupsOfProcess: @escaping @Sendable (Int32) -> String? = { _ in nil }
  ) {
    name = "crictl"
    command = Command(executable: path, timeout: timeout)
    self.endpoint = endpoint.map { ["--runtime-endpoint", $0] } ?? []
    memory = RuntimeMemory(
      node: node, cgroupID: cgroupID, cgroupsOfProcess: cgroupsOfProcess)
  }

  /// Throws ``Failure`` where a list cannot be had or the runtime does not answer; a container that
  /// cannot be inspected is left out.
  public func snapshot() async throws -> RuntimeSnapshot {
    let pods = try await run(["pods", "-o", "json"], as: CrictlOutput.Pods.self).items
    let containers = try await run(["ps", "-a", "-o", "json"], as: CrictlOutput.Containers.self)
      .containers
    let listing = RuntimeListing(
      pods: pods.compactMap { $0.value?.listed }, containers: containers.map { $0.value?.listed })
    var asked: [String: Result<RuntimeListing.Status, any Error>] = [:]
    for id in memory.unknown(in: listing) {
      do {
        let inspection = try await run(
          ["inspect", "-o", "json", id], as: CrictlOutput.Inspection.self)
        asked[id] = .success(inspection.listed)
      } catch let failure as Failure where failure.isTimeout {
        // Waiting as long for each of the others would take minutes.
        throw failure
      } catch {
        asked[id] = .failure(error)
      }
    }
    return memory.snapshot(of: listing, asked: asked)
  }

  private func run<Output: Decodable>(
    _ arguments: [String], as type: Output.Type
  ) async throws -> Output {
    let data: Data
    do {
      data = try await command.output(endpoint + arguments)
    } catch let failure as Command.Failure {
      if case .timedOut = failure { throw Failure.timedOut("\(failure)") }
      throw Failure.command("\(failure)")
    }
    do {
      return try JSONDecoder().decode(type, from: data)
    } catch {
      throw Failure.malformed(
        command: "crictl " + arguments.joined(separator: " "), reason: "\(error)")
    }
  }
}
