import TestSupport
import TimeSeries

@testable import Collect

/// A container that had a cgroup id for a time.
struct CgroupLife {
  var record: ContainerRecord
  /// From when its cgroup is there: the runtime sets it up before the container starts.
  var created: Timestamp
  var started: Timestamp
  var ended: Timestamp

  /// Lives one after another on one id, each of which some snapshot is sure to see.
  ///
  /// - Parameter shots: when the snapshots are taken, with 8 ns between them at least.
  static func succession(
    on cgroup: UInt64, shots: [ClosedRange<Timestamp>], using generator: inout SeededGenerator
  ) -> [CgroupLife] {
    var lives: [CgroupLife] = []
    var shot = Int.random(in: 1...3, using: &generator)
    var free = shots[0].upperBound + 1
    while shot < shots.count - 1 {
      let before = max(free, shots[shot - 1].lowerBound)
      let created = Timestamp.random(
        in: before..<shots[shot].lowerBound - 1, using: &generator)
      let started = Timestamp.random(in: created..<shots[shot].lowerBound, using: &generator)
      let lastSeen = min(shots.count - 2, shot + Int.random(in: 0...4, using: &generator))
      let ended = Timestamp.random(
        in: shots[lastSeen].upperBound + 1..<shots[lastSeen + 1].upperBound,
        using: &generator)
      let id = "\(cgroup)-\(lives.count)"
      lives.append(
        CgroupLife(
          record: ContainerRecord(
            id: id, name: "c", podUID: id, pod: id, cgroupPath: "/" + id, cgroupID: cgroup,
            startedAt: Bool.random(using: &generator) ? started : nil),
          created: created, started: started, ended: ended))
      free = ended
      // Often at once, so that the id changes hands between two snapshots.
      shot = lastSeen + (Bool.random(using: &generator) ? 1 : 2)
      if shot < shots.count, free + 4 >= shots[shot].lowerBound { shot += 1 }
    }
    return lives
  }

  func isThere(at time: Timestamp) -> Bool { created <= time && time < ended }
}
