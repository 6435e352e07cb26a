import Foundation
import Testing

@testable import Collect

/// Cgroups are made and removed on the machine by others, too: counts are lower bounds.
@Suite(
  "Cgroups made and removed, counted in the kernel", .serialized,
  .enabled(if: KernelTest.isPossible))
struct CgroupChangesTests {
  @Test("each one made and each one removed is counted at once")
  func counts() async throws {
    let changes = try CgroupChanges()
    for number in 0..<20 {
      let before = await changes.count()
      var cgroup: TestCgroup? = try TestCgroup("changes\(number)")
      let between = await changes.count()
      #expect(between > before)
      let directory = try #require(cgroup?.directory)
      cgroup = nil
      #expect(access(directory, F_OK) != 0)
      #expect(await changes.count() > between)
    }
  }

  @Test("none is lost where many threads make and remove them")
  func concurrent() async throws {
    let changes = try CgroupChanges()
    let before = await changes.count()
    let threads = 8
    let each = 25
    try await withThrowingTaskGroup { group in
      for thread in 0..<threads {
        group.addTask {
          for number in 0..<each { _ = try TestCgroup("many\(thread)-\(number)") }
        }
      }
      try await group.waitForAll()
    }
    #expect(await changes.count() - before >= UInt64(2 * threads * each))
  }
}
