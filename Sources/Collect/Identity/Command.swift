import Foundation

/// Runs a program to its end: its output is bounded, and so is the time it may take.
struct Command: Sendable {
  /// The path of the program.
  var executable: String
  var timeout: Duration = .seconds(10)
  /// Bytes of output from which on the program is killed.
  var maximumOutput = 64 << 20

  enum Failure: Error, Hashable, CustomStringConvertible {
    case notStarted(command: String, reason: String)
    /// `message` is the beginning of what it wrote to standard error.
    case failed(command: String, status: Int32, message: String)
    case timedOut(command: String, after: Duration)
    case tooMuchOutput(command: String, limit: Int)

    var description: String {
      switch self {
      case .notStarted(let command, let reason): "cannot run \(command): \(reason)"
      case .failed(let command, let status, let message):
        "\(command) ended with status \(status)" + (message.isEmpty ? "" : ": \(message)")
      case .timedOut(let command, let limit): "\(command) took longer than \(limit)"
      case .tooMuchOutput(let command, let limit): "\(command) printed more than \(limit) bytes"
      }
    }
  }

  /// What the program printed, if it ended with status 0; throws ``Failure``.
  func output(_ arguments: [String]) async throws -> Data {
    try await withCheckedThrowingContinuation { continuation in
      // A thread of its own: waiting would take one of the few that tasks share.
      Thread.detachNewThread {
        continuation.resume(with: Result { try wait(arguments) })
      }
    }
  }

  private func wait(_ arguments: [String]) throws -> Data {
    let command = ([executable] + arguments).joined(separator: " ")
    let deadline = ContinuousClock.now + timeout
    let process = Process()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    let standardOutput = Pipe()
    let standardError = Pipe()
    process.standardOutput = standardOutput
    process.standardError = standardError
    let ended = DispatchSemaphore(value: 0)
    process.terminationHandler = { _ in ended.signal() }
    do {
      try process.run()
    } catch {
      throw Failure.notStarted(command: command, reason: "\(error.localizedDescription)")
    }

    func killed(_ failure: Failure) -> Failure {
      if process.isRunning { kill(process.processIdentifier, SIGKILL) }
      // One that hangs in the kernel does not die; it is not waited for.
      _ = ended.wait(timeout: .now() + .seconds(1))
      return failure
    }
    var output = Data()
    var message = Data()
    var pipes = [standardOutput, standardError].map {
      pollfd(fd: $0.fileHandleForReading.fileDescriptor, events: Int16(POLLIN), revents: 0)
    }
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    // poll(2) skips negative descriptors, which is how a pipe that has ended is marked.
    while pipes.contains(where: { $0.fd >= 0 }) {
      let left = Self.milliseconds(until: deadline)
      guard left > 0 else { throw killed(.timedOut(command: command, after: timeout)) }
      guard poll(&pipes, nfds_t(pipes.count), left) > 0 else { continue }
      for index in pipes.indices where pipes[index].fd >= 0 && pipes[index].revents != 0 {
        let count = read(pipes[index].fd, &chunk, chunk.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else {
          pipes[index].fd = -1
          continue
        }
        if index == 0 {
          output.append(contentsOf: chunk[..<count])
        } else {
          message.append(contentsOf: chunk[..<min(count, 1000 - min(message.count, 1000))])
        }
        guard output.count <= maximumOutput else {
          throw killed(.tooMuchOutput(command: command, limit: maximumOutput))
        }
      }
    }
    let left = Int(Self.milliseconds(until: deadline))
    guard ended.wait(timeout: .now() + .milliseconds(left)) == .success else {
      throw killed(.timedOut(command: command, after: timeout))
    }
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      throw Failure.failed(
        command: command, status: process.terminationStatus,
        message: String(decoding: message, as: UTF8.self)
          .trimmingCharacters(in: .whitespacesAndNewlines))
    }
    return output
  }

  /// Rounded up, as poll(2) takes it; 0 once the deadline has passed.
  private static func milliseconds(until deadline: ContinuousClock.Instant) -> Int32 {
    let left = ContinuousClock.now.duration(to: deadline)
    guard left > .zero else { return 0 }
    return Int32(
      clamping: left.components.seconds * 1000 + left.components.attoseconds / 1_000_000_000_000_000
        + 1)
  }
}
