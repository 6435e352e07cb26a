import TimeSeries

/// The series of a database: canonical key ↔ id, measurements with their fields, and postings.
///
/// Keys lie in an arena, found through a table of hashes: per series that is the key, some 40 bytes,
/// and 4 bytes for each tag, or 32 where no other series has its value. Only the database's writer
/// changes the index, holding its own lock and this one's; so the writer reads without `lock`,
/// everyone else with it.
final class SeriesIndex: @unchecked Sendable {
  /// A key longer than this is refused.
  static let keyLimit = KeyArena.pieceLimit

  private struct Entry {
    var place: UInt32
    /// Shifted left by one; the lowest bit says that the series was dropped.
    private var measurementAndDropped: UInt32

    init(place: UInt32, measurement: UInt32) {
      self.place = place
      measurementAndDropped = measurement << 1
    }

    var measurement: Int { Int(measurementAndDropped >> 1) }
    var isDropped: Bool { measurementAndDropped & 1 == 1 }
    mutating func drop() { measurementAndDropped |= 1 }
  }

  let lock = Monitor()
  private let arena = KeyArena()
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
  private var parts = KeyParts()

  typealias Found = (id: UInt32, measurement: MeasurementIndex)

  /// The series with these canonical bytes.
  func find(_ key: UnsafeRawBufferPointer) -> Found? { find(key, hash: TextTable.hash(key)) }

  private func find(_ key: UnsafeRawBufferPointer, hash: UInt64) -> Found? {
    table.find(hash) {
      let entry = entries[Int($0)]
      return arena.bytes(at: entry.place).equals(key) && !entry.isDropped
    }.map { (ids[Int($0)], measurementList[entries[Int($0)].measurement]) }
  }

  /// Adds a series of canonical bytes that ``find(_:)`` does not find. Nil where they are not a
  /// series key, or ids or places are used up.
  @discardableResult
  func add(_ canonical: UnsafeRawBufferPointer, id: UInt32? = nil) -> Found? {
    let id = id ?? nextID
    guard id >= nextID, id < .max, canonical.count <= Self.keyLimit else { return nil }
    let isPlain = parts.read(canonical)
    let key = isPlain ? nil : SeriesKey(canonical: canonical)
    guard
      let name = isPlain
        ? String(decoding: canonical[parts.measurement], as: UTF8.self) : key?.measurement
    else { return nil }
    return lock.withLock {
      guard let place = arena.append(canonical) else { return nil }
      let measurement = measurement(name)
      table.insert(TextTable.hash(canonical), UInt32(entries.count))
      entries.append(Entry(place: place, measurement: measurement.number))
      ids.append(id)
      if let key {
        measurement.addSeries(id, place: place, key: key)
      } else {
        measurement.addSeries(id, place: place, parts: parts)
      }
      nextID = id + 1
      count += 1
      return (id, measurement)
    }
  }

  /// Keeps ids below `bound` from being given.
  func reserveIDs(before bound: UInt32) {
    lock.withLock { nextID = max(nextID, bound) }
  }

  /// Adds a field that the measurement does not have.
  func addField(_ name: String, type: FieldType, measurement: String) {
    lock.withLock {
      fieldCount += 1
      self.measurement(measurement).addField(name, type: type, stamp: fieldCount)
    }
  }

  /// Adds fields, by measurement and name, of measurements that have series but not these fields.
  func addFields(_ fields: [String: [String: FieldType]]) {
    for (measurement, types) in fields.sorted(by: { $0.key < $1.key })
    where measurements[measurement] != nil {
      for (name, type) in types.sorted(by: { $0.key < $1.key }) {
        addField(name, type: type, measurement: measurement)
      }
    }
  }

  /// Makes series unknown. Snapshots that hold the old measurements keep seeing them. A
  /// measurement without series is gone, and its fields with it.
  ///
  /// - Returns: whether a measurement is gone.
  func drop(_ dropped: Set<UInt32>) -> Bool {
    lock.withLock {
      let before = measurements.count
      var touched: Set<Int> = []
      for id in dropped {
        guard let position = position(of: id), !entries[position].isDropped else { continue }
        entries[position].drop()
        touched.insert(entries[position].measurement)
        count -= 1
      }
      for number in touched { rebuild(number, without: dropped) }
      return measurements.count < before
    }
  }

  private func rebuild(_ number: Int, without dropped: Set<UInt32>) {
    let old = measurementList[number]
    let new = MeasurementIndex(name: old.name, number: old.number, arena: arena)
    for id in old.series where !dropped.contains(id) {
      guard let position = position(of: id) else { continue }
      let place = entries[position].place
      let bytes = arena.bytes(at: place)
      if parts.read(bytes) {
        new.addSeries(id, place: place, parts: parts)
      } else if let key = SeriesKey(canonical: bytes) {
        new.addSeries(id, place: place, key: key)
      }
    }
    measurementList[number] = new
    if new.series.isEmpty {
      measurements[old.name] = nil
    } else {
      for field in old.fields { new.addField(field.name, type: field.type, stamp: field.stamp) }
      measurements[old.name] = new
    }
  }

  private func measurement(_ name: String) -> MeasurementIndex {
    if let known = measurements[name] { return known }
    let new = MeasurementIndex(name: name, number: UInt32(measurementList.count), arena: arena)
    measurements[name] = new
    measurementList.append(new)
    return new
  }

  private func position(of id: UInt32) -> Int? {
    let position = Postings.lowerBound(ids, id)
    return position < ids.count && ids[position] == id ? position : nil
  }

  /// The canonical key of a series, also of a dropped one. Call it with the lock held, or as the
  /// writer; the bytes are good as long as the index.
  func canonicalKey(of id: UInt32) -> UnsafeRawBufferPointer? {
    position(of: id).map { arena.bytes(at: entries[$0].place) }
  }

  /// The measurement of a series, also of a dropped one. As ``canonicalKey(of:)``.
  func measurement(of id: UInt32) -> MeasurementIndex? {
    position(of: id).map { measurementList[entries[$0].measurement] }
  }

  /// Ids that are not dropped, ascending. As ``canonicalKey(of:)``.
  var liveIDs: [UInt32] { entries.indices.filter { !entries[$0].isDropped }.map { ids[$0] } }
}

extension SeriesIndex {
  /// ``find(_:)`` for any bytes in one piece.
  func find(_ key: ArraySlice<UInt8>) -> Found? { key.withUnsafeBytes { find($0) } }

  /// ``add(_:id:)`` for any bytes in one piece.
  @discardableResult
  func add(_ canonical: ArraySlice<UInt8>, id: UInt32? = nil) -> Found? {
    canonical.withUnsafeBytes { add($0, id: id) }
  }
}
