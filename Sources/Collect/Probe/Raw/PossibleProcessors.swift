/// The processors that the machine may have while it is up, for which the kernel keeps values.
struct PossibleProcessors: Equatable {
  var count: Int
  var highest: Int

  /// - Parameter list: as in `/sys/devices/system/cpu/possible`: `0-3,8`. Nil where it is not so.
  init?(list: Substring) {
    count = 0
    highest = -1
    for range in list.split(separator: ",", omittingEmptySubsequences: false) {
      let ends = range.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard let first = ends[0], let last = ends.count == 1 ? first : ends[1], ends.count <= 2,
        first > highest, last >= first, last < 1 << 16
      else { return nil }
      count += last - first + 1
      highest = last
    }
  }

  static func current() -> PossibleProcessors? {
    PseudoFile.text("/sys/devices/system/cpu/possible").flatMap { PossibleProcessors(list: $0) }
  }
}
