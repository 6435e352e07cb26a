import TimeSeries

/// The series of a database: canonical key ↔ id, measurements with their fields, and postings.
///
/// Keys lie one after another in one array of bytes, found through a table of hashes: per series
/// that is the key, 16 bytes and a share of the postings. Only the database's writer changes the
/// index, holding its own lock and this one's; so the writer reads without `lock`, everyone else
/// with it.
final class SeriesIndex: @unchecked Sendable {
  /// A key longer than this is refused.
  static let keyLimit = 65_535

  private struct Entry {
    var offset: UInt64
    var length: UInt16
    var isDropped: Bool
    var measurement: UInt32
  }

  let lock = Monitor()
  private var arena: [UInt8] = []
  private var table = TextTable()
  /// By position; ids ascend but need not be without gaps.
  private var entries: [Entry] = []
  private var ids: [UInt32] = []
  private(set) var measurements: [String: MeasurementIndex] = [:]
  private var measurementList: [MeasurementIndex] = []
  private(set) var fieldCount: UInt64 = 0
  /// The id of the next new series.
  private(set) var nextID: UInt32 = 0
  /// Series that are not dropped.
  private(set) var count = 0

  /// The series with these canonical bytes.
  func find(_ key: some Collection<UInt8>) -> (id: UInt32, measurement: MeasurementIndex)? {
    table.find(TextTable.hash(key)) { bytes(of: entries[Int($0)]).elementsEqual(key) }
      .map { (ids[Int($0)], measurementList[Int(entries[Int($0)].measurement)]) }
  }

  /// Adds a series that ``find(_:)`` does not find. Nil where the ids are used up.
  func add(_ key: SeriesKey, canonical: some Collection<UInt8>, id: UInt32? = nil) -> UInt32? {
    let id = id ?? nextID
    guard id >= nextID, id < .max else { return nil }
    lock.withLock {
      let measurement = measurementNumber(key.measurement)
      table.insert(TextTable.hash(canonical), UInt32(entries.count))
      entries.append(
        Entry(
          offset: UInt64(arena.count), length: UInt16(canonical.count), isDropped: false,
          measurement: measurement))
      ids.append(id)
      arena.append(contentsOf: canonical)
      measurementList[Int(measurement)].addSeries(id, key: key)
      nextID = id + 1
      count += 1
    }
    return id
  }

  /// Keeps ids below `bound` from being given.
  func reserveIDs(before bound: UInt32) {
    lock.withLock { nextID = max(nextID, bound) }
  }

  /// Adds a field that the measurement does not have.
  func addField(_ name: String, type: FieldType, measurement: String) {
    lock.withLock {
      let number = measurementNumber(measurement)
      fieldCount += 1
      measurementList[Int(number)].addField(name, type: type, stamp: fieldCount)
    }
  }

  /// Makes series unknown. Snapshots that hold the old measurements keep seeing them. A
  /// measurement without series is gone, and its fields with it.
  func drop(_ dropped: Set<UInt32>) {
    lock.withLock {
      table = TextTable()
      var touched: Set<UInt32> = []
      for position in entries.indices where !entries[position].isDropped {
        if dropped.contains(ids[position]) {
          entries[position].isDropped = true
          touched.insert(entries[position].measurement)
          count -= 1
        } else {
          table.insert(TextTable.hash(bytes(of: entries[position])), UInt32(position))
        }
      }
      for number in touched { rebuild(number, without: dropped) }
    }
  }

  private func rebuild(_ number: UInt32, without dropped: Set<UInt32>) {
    let old = measurementList[Int(number)]
    let new = MeasurementIndex(name: old.name, number: number)
    for id in old.series where !dropped.contains(id) {
      guard let position = position(of: id), let key = key(at: position) else { continue }
      new.addSeries(id, key: key)
    }
    measurementList[Int(number)] = new
    if new.series.isEmpty {
      measurements[old.name] = nil
    } else {
      for field in old.fields { new.addField(field.name, type: field.type, stamp: field.stamp) }
      measurements[old.name] = new
    }
  }

  private func measurementNumber(_ name: String) -> UInt32 {
    if let known = measurements[name] { return known.number }
    let new = MeasurementIndex(name: name, number: UInt32(measurementList.count))
    measurements[name] = new
    measurementList.append(new)
    return new.number
  }

  private func bytes(of entry: Entry) -> ArraySlice<UInt8> {
    arena[Int(entry.offset)..<Int(entry.offset) + Int(entry.length)]
  }

  private func position(of id: UInt32) -> Int? {
    let position = Postings.lowerBound(ids, id)
    return position < ids.count && ids[position] == id ? position : nil
  }

  private func key(at position: Int) -> SeriesKey? {
    SeriesKey(canonical: bytes(of: entries[position]))
  }

  /// The canonical key of a series, also of a dropped one. Call it with the lock held, or as the
  /// writer.
  func canonicalKey(of id: UInt32) -> ArraySlice<UInt8>? {
    position(of: id).map { bytes(of: entries[$0]) }
  }

  /// The measurement of a series that is not dropped. As ``canonicalKey(of:)``.
  func measurement(of id: UInt32) -> MeasurementIndex? {
    guard let position = position(of: id) else { return nil }
    return measurementList[Int(entries[position].measurement)]
  }

  /// Ids that are not dropped, ascending. As ``canonicalKey(of:)``.
  var liveIDs: [UInt32] { entries.indices.filter { !entries[$0].isDropped }.map { ids[$0] } }
}
