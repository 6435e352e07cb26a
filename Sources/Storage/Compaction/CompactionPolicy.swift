/// Which neighbours of a stretch of segments are to be merged: size-tiered.
///
/// A segment's level is the logarithm of its size to the base 4, everything up to 64 KiB being
/// level 0. Two rules, the first that applies:
/// - A segment that is newer than one of a lower level takes in the lower ones right before it.
///   Then levels never rise from old to new.
/// - Where 4 segments have the same level, they and everything newer become one. The highest such
///   level goes first, so that the levels below are not merged for themselves before.
///
/// Where no rule applies a stretch has at most 3 segments of each level, so at most
/// 3·(1 + ⌈log₄(largest / 64 KiB)⌉); and a row is written about once for each level it rises.
/// Segments from 1 GiB on are left alone and end the stretch.
enum CompactionPolicy {
  static let fanIn = 4
  static let smallest: UInt64 = 64 << 10
  static let largest: UInt64 = 1 << 30

  static func level(ofSize size: UInt64) -> Int {
    var level = 0
    var bound = smallest
    while size > bound, level < 30 {
      level += 1
      bound *= UInt64(fanIn)
    }
    return level
  }

  /// The most segments that are left alone in a stretch without any of ``largest``.
  static func bound(largest size: UInt64) -> Int { (fanIn - 1) * (1 + level(ofSize: size)) }

  /// Positions to merge, at least two, or nil; `sizes` in bytes, oldest first.
  static func due(_ sizes: [UInt64]) -> Range<Int>? {
    var start = 0
    while start < sizes.count {
      let end = sizes[start...].firstIndex { $0 >= largest } ?? sizes.count
      if let found = due(levels: sizes[start..<end].map(level(ofSize:))) {
        return start + found.lowerBound..<start + found.upperBound
      }
      start = end + 1
    }
    return nil
  }

  private static func due(levels: [Int]) -> Range<Int>? {
    for position in levels.indices.dropFirst() where levels[position] > levels[position - 1] {
      var start = position - 1
      while start > 0, levels[start - 1] < levels[position] { start -= 1 }
      return start..<position + 1
    }
    // Levels do not rise, so equal ones are neighbours.
    for position in levels.indices where position + fanIn <= levels.count {
      if levels[position + fanIn - 1] == levels[position] { return position..<levels.count }
    }
    return nil
  }
}
