import TimeSeries

/// A measurement's fields, series and postings.
///
/// It only grows; dropping series makes a new one, so that snapshots keep the one they have. What
/// was added after a snapshot has a larger id or stamp than the snapshot knows. Guarded by the
/// index's lock.
final class MeasurementIndex: @unchecked Sendable {
  struct Field {
    var name: String
    var type: FieldType
    /// The index's count of fields when this one came.
    var stamp: UInt64
  }

  /// The values of one tag key.
  struct TagIndex {
    var values: [String] = []
    var table = TextTable()
    /// For each value, the ids of the series that have it, ascending.
    var postings: [[UInt32]] = []
    /// The series that came first with the tag.
    var firstSeries = UInt32.max

    func value(_ text: String) -> Int? {
      table.find(TextTable.hash(text.utf8)) { values[Int($0)].utf8.elementsEqual(text.utf8) }
        .map(Int.init)
    }

    mutating func add(_ text: String, id: UInt32) {
      firstSeries = min(firstSeries, id)
      if let index = value(text) {
        postings[index].append(id)
      } else {
        table.insert(TextTable.hash(text.utf8), UInt32(values.count))
        values.append(text)
        postings.append([id])
      }
    }
  }

  let name: String
  /// Its place in the index's list; stays when dropping series makes a new object.
  let number: UInt32
  private(set) var fields: [Field] = []
  private var fieldTable = TextTable()
  /// Ascending.
  private(set) var series: [UInt32] = []
  private(set) var tags: [String: TagIndex] = [:]
  private var layouts: [[UInt32]: MemtableLayout] = [:]

  init(name: String, number: UInt32) {
    self.name = name
    self.number = number
  }

  func field(named name: some Collection<UInt8>) -> UInt32? {
    fieldTable.find(TextTable.hash(name)) { fields[Int($0)].name.utf8.elementsEqual(name) }
  }

  func addField(_ name: String, type: FieldType, stamp: UInt64) {
    fieldTable.insert(TextTable.hash(name.utf8), UInt32(fields.count))
    fields.append(Field(name: name, type: type, stamp: stamp))
  }

  /// Ids come in ascending order.
  func addSeries(_ id: UInt32, key: SeriesKey) {
    series.append(id)
    for tag in key.tags { tags[tag.key, default: TagIndex()].add(tag.value, id: id) }
  }

  /// The one layout for rows with these fields, ascending.
  func layout(of fieldIDs: [UInt32]) -> MemtableLayout {
    if let known = layouts[fieldIDs] { return known }
    let layout = MemtableLayout(
      fieldIDs: fieldIDs, names: fieldIDs.map { fields[Int($0)].name },
      types: fieldIDs.map { fields[Int($0)].type })
    // A client that sends ever new combinations must not fill the memory with them.
    if layouts.count >= 1024 { layouts.removeAll() }
    layouts[fieldIDs] = layout
    return layout
  }

  /// Series with ids below `bound`, ascending.
  func series(before bound: UInt32) -> [UInt32] { Self.prefix(series, before: bound) }

  static func prefix(_ ids: [UInt32], before bound: UInt32) -> [UInt32] {
    guard let last = ids.last, last >= bound else { return ids }
    return Array(ids[..<Postings.lowerBound(ids, bound)])
  }
}
