import Synchronization

@testable import Collect

/// Files in memory that can stop at any step, as a machine that loses power, or refuse to work.
///
/// What was not synced may be there after a crash or not, name by name.
final class SimulatedSpoolDisk: SpoolFileSystem {
  private struct State {
    var live: [String: [UInt8]] = [:]
    var durable: [String: [UInt8]] = [:]
    var stepsUntilCrash = Int.max
    var steps = 0
    var isFailing = false
  }

  private final class Lock: SpoolLock {}

  private let state: Mutex<State>

  init(_ files: [String: [UInt8]] = [:]) {
    var state = State()
    state.live = files
    state.durable = files
    self.state = Mutex(state)
  }

  struct Crash: Error {}

  var files: [String: [UInt8]] {
    get { state.withLock { $0.live } }
    set { state.withLock { $0.live = newValue } }
  }

  var steps: Int { state.withLock { $0.steps } }
  func crash(after steps: Int) { state.withLock { $0.stepsUntilCrash = steps } }
  var isFailing: Bool {
    get { state.withLock { $0.isFailing } }
    set { state.withLock { $0.isFailing = newValue } }
  }

  /// The disk as the next process finds it.
  func afterCrash(_ random: inout some RandomNumberGenerator) -> SimulatedSpoolDisk {
    state.withLock { state in
      var found: [String: [UInt8]] = [:]
      for name in Set(state.live.keys).union(state.durable.keys).sorted() {
        found[name] = Bool.random(using: &random) ? state.live[name] : state.durable[name]
      }
      return SimulatedSpoolDisk(found)
    }
  }

  /// One step that changes something; `torn` is what a crash in its midst leaves.
  private func step(_ change: (inout State) -> Void, torn: (inout State) -> Void = { _ in }) throws
  {
    try state.withLock { state in
      if state.isFailing { throw SpoolError.io(operation: "write", path: "disk", errno: 28) }
      if state.stepsUntilCrash <= 0 {
        if state.stepsUntilCrash == 0 { torn(&state) }
        state.stepsUntilCrash = -1
        throw Crash()
      }
      state.stepsUntilCrash -= 1
      state.steps += 1
      change(&state)
    }
  }

  func createDirectory(_ path: String) throws {}

  func list(_ directory: String) throws -> [String] {
    files.keys.filter { $0.hasPrefix(directory + "/") }.map {
      String($0.dropFirst(directory.count + 1))
    }
  }

  func read(_ path: String, limit: Int) throws -> (bytes: [UInt8], size: Int) {
    guard let bytes = files[path] else {
      throw SpoolError.io(operation: "open", path: path, errno: 2)
    }
    return (Array(bytes.prefix(limit)), bytes.count)
  }

  func write(_ bytes: [UInt8], to path: String) throws {
    try step {
      $0.live[path] = bytes
    } torn: {
      $0.live[path] = Array(bytes.prefix(bytes.count / 2))
    }
  }

  func rename(_ source: String, to destination: String) throws {
    try step { $0.live[destination] = $0.live.removeValue(forKey: source) }
  }

  func remove(_ path: String) throws { try step { $0.live[path] = nil } }
  func syncDirectory(_ path: String) throws { try step { $0.durable = $0.live } }

  func lock(_ path: String) throws -> any SpoolLock { Lock() }
}
