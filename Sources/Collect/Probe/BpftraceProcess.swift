import CLinux
import Foundation
import Synchronization

/// A running bpftrace: its standard output goes to a closure as it comes, from a thread of its own.
///
/// It is the leader of a process group of its own, so that Ctrl-C in the collector's terminal does
/// not end it before the collector has read its last totals. Where the collector is killed, the
/// other end of the pipe that it writes to each second (mark.bt) is gone, and SIGPIPE ends it.
final class BpftraceProcess: Sendable {
  struct Ending: Sendable, Hashable, CustomStringConvertible {
    /// As waitpid(2) tells it.
    var status: Int32
    var complaints: Complaints

    var description: String {
      let signal = status & 0x7f
      let end =
        signal == 0 ? "ended with status \(status >> 8 & 0xff)" : "was ended by signal \(signal)"
      return complaints.reason.map { "\(end): \($0)" } ?? end
    }
  }

  struct NotStarted: Error, Hashable, CustomStringConvertible {
    var executable: String
    var number: Int32

    var description: String { "cannot run \(executable): \(String(cString: strerror(number)))" }
  }

  private struct State {
    var complaints = Complaints()
    var isReaped = false
    var ending: Ending?
    var waiter: CheckedContinuation<Ending, Never>?
  }

  let id: pid_t
  private let state = Mutex(State())

  /// - Parameters:
  ///   - executable: a path, or a name that is looked for along `PATH`.
  ///   - environment: added to the collector's own.
  ///   - output: is handed what the process prints; called from one thread.
  /// - Throws: ``NotStarted``.
  init(
    executable: String, arguments: [String], environment: [String: String],
    output: @escaping @Sendable (ArraySlice<UInt8>) -> Void
  ) throws {
    func checked(_ result: Int32) throws(NotStarted) {
      guard result == 0 else { throw NotStarted(executable: executable, number: result) }
    }
    var printed = Pipe()
    var complained = Pipe()
    do {
      try checked(printed.open())
      try checked(complained.open())
      var id: pid_t = 0
      try checked(
        Self.spawn(
          &id, [executable] + arguments, environment: environment, output: printed.writing,
          error: complained.writing))
      self.id = id
    } catch {
      printed.close()
      complained.close()
      throw error
    }
    close(printed.writing)
    close(complained.writing)
    Thread.detachNewThread { [self, printed, complained] in
      follow(output: printed.reading, error: complained.reading, handle: output)
    }
  }

  /// What it has written to standard error by now.
  var complaints: Complaints { state.withLock { $0.complaints } }

  /// Ends it and what it has started.
  func kill() {
    state.withLock { state in
      // A process that is gone has left its number to others.
      if !state.isReaped { _ = Foundation.kill(-id, SIGKILL) }
    }
  }

  /// Waits until it has ended. To be called once.
  func ending() async -> Ending {
    await withCheckedContinuation { continuation in
      let ending = state.withLock { state in
        if state.ending == nil { state.waiter = continuation }
        return state.ending
      }
      if let ending { continuation.resume(returning: ending) }
    }
  }

  /// Reads until both pipes have ended, then takes leave of the process.
  private func follow(
    output: Int32, error: Int32, handle: (ArraySlice<UInt8>) -> Void
  ) {
    var pipes = [output, error].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    // poll(2) skips negative descriptors, which is how a pipe that has ended is marked.
    while pipes.contains(where: { $0.fd >= 0 }) {
      guard poll(&pipes, nfds_t(pipes.count), -1) > 0 else { continue }
      for index in pipes.indices where pipes[index].fd >= 0 && pipes[index].revents != 0 {
        let count = read(pipes[index].fd, &chunk, chunk.count)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else {
          close(pipes[index].fd)
          pipes[index].fd = -1
          continue
        }
        if index == 0 {
          handle(chunk[..<count])
        } else {
          state.withLock { $0.complaints.append(chunk[..<count]) }
        }
      }
    }
    // One that has closed its pipes and lives on is of no use.
    kill()
    var information = siginfo_t()
    // Waits without taking the number away, so that `kill` never meets another process.
    while waitid(P_PID, id_t(id), &information, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    let (waiter, ending) = state.withLock { state in
      var status: Int32 = 0
      while waitpid(id, &status, 0) < 0, errno == EINTR {}
      state.isReaped = true
      let ending = Ending(status: status, complaints: state.complaints)
      state.ending = ending
      defer { state.waiter = nil }
      return (state.waiter, ending)
    }
    waiter?.resume(returning: ending)
  }

  private struct Pipe {
    private(set) var reading: Int32 = -1
    private(set) var writing: Int32 = -1

    /// - Returns: 0, or the error's number.
    mutating func open() -> Int32 {
      var ends: [Int32] = [-1, -1]
      let result = vigil_pipe(&ends)
      (reading, writing) = (ends[0], ends[1])
      return result
    }

    func close() {
      for end in [reading, writing] where end >= 0 { _ = Foundation.close(end) }
    }
  }

  /// - Returns: 0, or the error's number.
  private static func spawn(
    _ id: inout pid_t, _ arguments: [String], environment: [String: String], output: Int32,
    error: Int32
  ) -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // A server ignores SIGPIPE and may block others; both would be handed down.
    var all = sigset_t()
    var none = sigset_t()
    sigfillset(&all)
    sigemptyset(&none)
    let results = [
      posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0),
      posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO),
      posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO),
      posix_spawnattr_setsigdefault(&attributes, &all),
      posix_spawnattr_setsigmask(&attributes, &none),
      posix_spawnattr_setpgroup(&attributes, 0),
      posix_spawnattr_setflags(
        &attributes,
        Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK)),
    ]
    if let failure = results.first(where: { $0 != 0 }) { return failure }

    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let texts = [arguments, variables.map { "\($0)=\($1)" }]
    let vectors = texts.map { $0.map { strdup($0) } + [nil] }
    defer { for text in vectors.joined() { free(text) } }
    return posix_spawnp(&id, arguments[0], &actions, &attributes, vectors[0], vectors[1])
  }
}
