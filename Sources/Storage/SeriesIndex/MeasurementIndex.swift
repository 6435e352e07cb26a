import TimeSeries

/// A measurement's fields, series and postings.
///
/// Keys and tag values are stretches of the index's arena. It only grows; dropping series makes a new one, so that snapshots keep the one they have. What
/// was added after a snapshot has a larger id or stamp than the snapshot knows. Guarded by the
/// index's lock.
final class MeasurementIndex: @unchecked Sendable {
  struct Field {
    var name: String
    var type: FieldType
    /// The index's count of fields when this one came.
    var stamp: UInt64
  }

  let name: String
  /// Its place in the index's list; stays when dropping series makes a new object.
  let number: UInt32
  private(set) var fields: [Field] = []
  private var fieldTable = TextTable()
  /// Ascending.
  private(set) var series: [UInt32] = []
  /// Where their keys are in the arena.
  private var places: [UInt32] = []
  private(set) var tags: [TagIndex] = []
  private var tagTable = TextTable()
  private var layouts: [[UInt32]: MemtableLayout] = [:]
  /// Columns of all layouts.
  private var layoutColumns = 0
  private static let layoutColumnLimit = 1 << 20
  private let arena: KeyArena

  init(name: String, number: UInt32, arena: KeyArena) {
    self.name = name
    self.number = number
    self.arena = arena
  }

  func field(named name: some Collection<UInt8>) -> UInt32? {
    fieldTable.find(TextTable.hash(name)) { fields[Int($0)].name.utf8.elementsEqual(name) }
  }

  func addField(_ name: String, type: FieldType, stamp: UInt64) {
    fieldTable.insert(TextTable.hash(name.utf8), UInt32(fields.count))
    fields.append(Field(name: name, type: type, stamp: stamp))
  }

  /// Adds a series whose key is in the arena at `place` and has these parts. Ids come in ascending
  /// order.
  func addSeries(_ id: UInt32, place: UInt32, parts: KeyParts) {
    series.append(id)
    places.append(place)
    let key = arena.bytes(at: place)
    for tag in parts.tags {
      tags[tagNumber(UnsafeRawBufferPointer(rebasing: key[tag.key]))]
        .add(id, place: place, tag.value)
    }
  }

  /// Adds a series whose key is in the arena, but not with its tags as they are.
  func addSeries(_ id: UInt32, place: UInt32, key: SeriesKey) {
    series.append(id)
    places.append(place)
    for tag in key.tags {
      var (name, value) = (tag.key, tag.value)
      let number = name.withUTF8 { tagNumber(UnsafeRawBufferPointer($0)) }
      let place = value.withUTF8 { arena.append(UnsafeRawBufferPointer($0)) }
      if let place { tags[number].add(id, place: place, 0..<value.utf8.count) }
    }
  }

  /// The tag of a key, nil where no series has it.
  func tag(_ key: String) -> TagIndex? {
    var key = key
    return key.withUTF8 { findTag(UnsafeRawBufferPointer($0)) }.map { tags[$0] }
  }

  private func findTag(_ key: UnsafeRawBufferPointer) -> Int? {
    tagTable.find(TextTable.hash(key)) { tags[Int($0)].key.utf8.elementsEqual(key) }.map(Int.init)
  }

  private func tagNumber(_ key: UnsafeRawBufferPointer) -> Int {
    if let known = findTag(key) { return known }
    tagTable.insert(TextTable.hash(key), UInt32(tags.count))
    tags.append(TagIndex(key: String(decoding: key, as: UTF8.self), arena: arena))
    return tags.count - 1
  }

  /// The canonical key of a series of the measurement.
  func canonicalKey(of id: UInt32) -> UnsafeRawBufferPointer? {
    let position = Postings.lowerBound(series, id)
    guard position < series.count, series[position] == id else { return nil }
    return arena.bytes(at: places[position])
  }

  /// The one layout for rows with these fields, ascending.
  func layout(of fieldIDs: [UInt32]) -> MemtableLayout {
    if let known = layouts[fieldIDs] { return known }
    let layout = MemtableLayout(
      fieldIDs: fieldIDs, types: fieldIDs.map { fields[Int($0)].type })
    // A client that sends ever new combinations must not fill the memory with them.
    if layouts.count >= 1024 || layoutColumns > Self.layoutColumnLimit {
      layouts.removeAll()
      layoutColumns = 0
    }
    layouts[fieldIDs] = layout
    layoutColumns += fieldIDs.count
    return layout
  }

  /// Series with ids below `bound`, ascending.
  func series(before bound: UInt32) -> [UInt32] {
    guard let last = series.last, last >= bound else { return series }
    return Array(series[..<Postings.lowerBound(series, bound)])
  }
}
