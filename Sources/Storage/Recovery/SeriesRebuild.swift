import TimeSeries

/// Makes up for a damaged or missing series log: segments have the keys and field types of what
/// they hold.
struct SeriesRebuild {
  private var keys: [UInt32: [UInt8]] = [:]
  private var fields: [String: [String: FieldType]] = [:]
  private(set) var problems: [StorageError] = []

  /// An index of what `index` has and what the segments have.
  static func run(
    _ index: SeriesIndex, segments: [OpenSegment], dropped: Set<UInt32>
  ) -> (index: SeriesIndex, problems: [StorageError]) {
    var rebuild = SeriesRebuild()
    rebuild.take(index)
    for segment in segments { rebuild.take(segment.reader, dropped: dropped) }
    return (rebuild.makeIndex(), rebuild.problems)
  }

  private mutating func take(_ index: SeriesIndex) {
    for id in index.liveIDs { keys[id] = index.canonicalKey(of: id).map(Array.init) }
    for (name, measurement) in index.measurements {
      for field in measurement.fields { fields[name, default: [:]][field.name] = field.type }
    }
  }

  private mutating func take(_ reader: SegmentReader, dropped: Set<UInt32>) {
    do {
      for (id, key) in try reader.keys() where !dropped.contains(id.rawValue) {
        keys[id.rawValue] = key
        guard let measurement = SeriesKey(canonical: key)?.measurement else { continue }
        for block in reader.blocks(of: id) {
          for name in reader.fieldNames(in: block) where fields[measurement]?[name] == nil {
            fields[measurement, default: [:]][name] = reader.type(of: name, in: block)
          }
        }
      }
    } catch {
      problems.append(.wrapping(error, path: reader.path.string))
    }
  }

  private func makeIndex() -> SeriesIndex {
    let index = SeriesIndex()
    // Should a key have two ids (one was dropped, and that was forgotten), the later one is alive.
    var latest: [[UInt8]: UInt32] = [:]
    for (id, key) in keys { latest[key] = max(latest[key] ?? 0, id) }
    for id in latest.values.sorted() {
      if let bytes = keys[id] { index.add(bytes[...], id: id) }
    }
    index.addFields(fields)
    index.reserveIDs(before: (keys.keys.max() ?? 0) &+ (keys.isEmpty ? 0 : 1))
    return index
  }
}
