import TimeSeries

/// Which stretches of time a batch of points touches, measurement by measurement.
enum TouchedRanges {
  /// Two points closer than this lie in one stretch. Widening costs a little computation, never
  /// correctness.
  static let joinWithin: Int64 = 60_000_000_000

  /// - Parameter isWanted: asked once for each measurement that the batch has points of.
  /// - Returns: the ranges of the measurements that are wanted.
  static func of(
    _ batch: PointBatch, where isWanted: (String) -> Bool
  ) -> [String: [ClosedRange<Timestamp>]] {
    // -1 for series of other measurements, else an index into `names`.
    var slotOfSeries = [Int](repeating: -1, count: batch.seriesKeys.count)
    var names: [String] = []
    var slots: [String: Int] = [:]
    for (index, range) in batch.seriesKeys.enumerated() {
      let name = SeriesKey.measurement(ofCanonical: batch.bytes(range))
      if let known = slots[name] {
        slotOfSeries[index] = known
        continue
      }
      let slot = isWanted(name) ? names.count : -1
      slots[name] = slot
      slotOfSeries[index] = slot
      if slot >= 0 { names.append(name) }
    }
    var open = [ClosedRange<Timestamp>?](repeating: nil, count: names.count)
    var closed = [[ClosedRange<Timestamp>]](repeating: [], count: names.count)
    for point in batch.points {
      let slot = slotOfSeries[Int(point.series)]
      guard slot >= 0 else { continue }
      let time = point.timestamp
      guard let range = open[slot] else {
        open[slot] = time...time
        continue
      }
      if time >= saturatingAdd(range.lowerBound, -joinWithin),
        time <= saturatingAdd(range.upperBound, joinWithin)
      {
        open[slot] = min(time, range.lowerBound)...max(time, range.upperBound)
      } else {
        closed[slot].append(range)
        open[slot] = time...time
      }
    }
    var result: [String: [ClosedRange<Timestamp>]] = [:]
    for (slot, name) in names.enumerated() {
      if let range = open[slot] { result[name] = closed[slot] + [range] }
    }
    return result
  }
}
