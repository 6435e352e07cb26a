import SystemPackage
import TestSupport
import Testing
import TimeSeries

@testable import Storage

/// Which segments are merged, without any being written.
@Suite struct CompactionPolicyTests {
  /// Merges sizes until nothing is due; returns the bytes written.
  private func settle(_ sizes: inout [UInt64], _ place: Comment) -> UInt64 {
    var written: UInt64 = 0
    while let range = CompactionPolicy.due(sizes) {
      #expect(range.count >= 2, place)
      let sum = sizes[range].reduce(0, +)
      written += sum
      sizes.replaceSubrange(range, with: [sum])
    }
    return written
  }

  @Test(arguments: 0..<20) func whateverSizesComeFewSegmentsAreLeft(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var sizes: [UInt64] = []
    for number in 0..<600 {
      let magnitude = Int.random(in: 8...24, using: &generator)
      sizes.append(UInt64.random(in: 1...1 << UInt64(magnitude), using: &generator))
      let place: Comment = "seed \(seed), flush \(number)"
      _ = settle(&sizes, place)
      let levels = sizes.map(CompactionPolicy.level(ofSize:))
      #expect(levels == levels.sorted(by: >), place)
      let largest = sizes.max() ?? 0
      if largest < CompactionPolicy.largest {
        #expect(sizes.count <= CompactionPolicy.bound(largest: largest), place)
      }
    }
  }

  @Test(arguments: [1 << 12, 1 << 16, 1 << 20] as [UInt64])
  func equalFlushesAreWrittenOnceALevel(size: UInt64) {
    var sizes: [UInt64] = []
    var written: UInt64 = 0
    for number in 0..<256 {
      sizes.append(size)
      written += settle(&sizes, "flush \(number)")
    }
    // 256 flushes are four levels; the small ones are first gathered at level 0.
    #expect(written <= 256 * size * (size < CompactionPolicy.smallest ? 8 : 4))
  }

  @Test func segmentsOfFullSizeAreLeftAloneAndNothingIsMovedPastThem() {
    let full = CompactionPolicy.largest
    #expect(CompactionPolicy.due([full, full, full, full]) == nil)
    #expect(CompactionPolicy.due([1, 1, full, 1, 1]) == nil)
    #expect(CompactionPolicy.due([1, 1, full, 1, 1, 1, 1]) == 3..<7)
    #expect(CompactionPolicy.due([]) == nil)
  }

  @Test func theHighestLevelThatIsFullTakesWhatIsNewerToo() {
    let base = CompactionPolicy.smallest
    #expect(CompactionPolicy.due([base * 64, 3 * base, 3 * base, 3 * base, 3 * base, 1]) == 1..<6)
    #expect(CompactionPolicy.due([base * 64, 1, base * 4]) == 1..<3)
    #expect(CompactionPolicy.due([base * 64, 1, 1, 1]) == nil)
  }

  private func segment(
    _ sequence: UInt64, _ number: UInt64, policy: UInt32 = 1, partition: Timestamp,
    _ times: ClosedRange<Timestamp>
  ) throws -> OpenSegment {
    let column = Column(.integer([1]))
    let (bytes, _) = try segmentBytes([
      SeriesInput(
        id: 1, key: "m", blocks: [SegmentBlock(timestamps: [1], fields: [("f", column)])])
    ])
    return OpenSegment(
      entry: SegmentEntry(
        name: SegmentName(sequence: sequence, number: number, policy: policy),
        partitionStart: partition, size: 1, rowCount: 1, timeRange: times),
      reader: try openSegment(bytes))
  }

  private func stretches(
    _ segments: [OpenSegment], open: [OpenSegment], excluding: Set<SegmentName> = [],
    directoryLimit: Int = .max
  ) -> Set<[UInt64]> {
    var state = ManifestState()
    for segment in segments { state.apply(.addSegment(segment.entry)) }
    let version = StoreVersion(state: state, segments: open)
    return Set(
      CompactionGroups.stretches(
        of: version, excluding: excluding, directoryLimit: directoryLimit
      ).map { $0.map(\.entry.name.number) })
  }

  @Test func onlyNeighboursOfOnePolicyAndPartitionAreTogether() throws {
    let segments = [
      try segment(1, 1, partition: 0, 0...9), try segment(1, 2, partition: 10, 10...19),
      try segment(1, 3, policy: 2, partition: 0, 0...9), try segment(2, 4, partition: 0, 3...5),
      try segment(3, 5, partition: 10, 12...12), try segment(4, 6, partition: 0, 8...9),
    ]
    #expect(stretches(segments, open: segments) == [[1, 4, 6], [2, 5], [3]])
    // One that cannot be read, or is not to be touched, parts the others.
    #expect(
      stretches(segments, open: segments.filter { $0.entry.name.number != 4 })
        == [[1], [6], [2, 5], [3]])
    #expect(
      stretches(segments, open: segments, excluding: [segments[3].entry.name])
        == [[1], [6], [2, 5], [3]])
  }

  @Test func directoriesOfAStretchDoNotAddUpToMoreThanASegmentMayHave() throws {
    let segments = try (1...5).map { try segment($0, $0, partition: 0, 0...9) }
    let one = segments[0].reader.directoryMemory
    #expect(stretches(segments, open: segments, directoryLimit: 5 * one) == [[1, 2, 3, 4, 5]])
    #expect(
      stretches(segments, open: segments, directoryLimit: 2 * one) == [[1, 2], [3, 4], [5]])
    #expect(stretches(segments, open: segments, directoryLimit: 1) == [[1], [2], [3], [4], [5]])
  }

  @Test func aSegmentOverSeveralPartitionsIsNotJumpedOver() throws {
    let segments = [
      try segment(1, 1, partition: 10, 10...19), try segment(2, 2, partition: 0, 5...15),
      try segment(3, 3, partition: 10, 11...12),
    ]
    #expect(stretches(segments, open: segments) == [[1, 2, 3]])
  }
}
