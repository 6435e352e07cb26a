import TimeSeries

/// The values of one tag key, and for each the series that have it.
///
/// A value takes 16 bytes and its share of the hash table: its text is a stretch of the key of the
/// first series that had it, and the first series' id lies with it. So a tag of which every series
/// has a value of its own, like a pod's name, costs little; a value of several series has a list.
struct TagIndex {
  private struct Value {
    /// A piece of the arena, and which of its bytes.
    var place: UInt32
    var start: UInt16
    var length: UInt16
    var first: UInt32
    /// Index + 1 of the list of the other series; 0 is none.
    var others: UInt32
  }

  let key: String
  /// The series that came first with the tag.
  private(set) var firstSeries = UInt32.max
  private let arena: KeyArena
  private var values: [Value] = []
  private var table = TextTable()
  /// Ascending ids, without the first of the value.
  private var lists: [[UInt32]] = []

  init(key: String, arena: KeyArena) {
    self.key = key
    self.arena = arena
  }

  var valueCount: Int { values.count }

  func text(ofValue index: Int) -> UnsafeRawBufferPointer {
    let value = values[index]
    let start = Int(value.start)
    return UnsafeRawBufferPointer(
      rebasing: arena.bytes(at: value.place)[start..<start + Int(value.length)])
  }

  /// The index of a value.
  func value(_ text: UnsafeRawBufferPointer, hash: UInt64) -> Int? {
    table.find(hash) { self.text(ofValue: Int($0)).equals(text) }.map(Int.init)
  }

  func value(_ text: String) -> Int? {
    var text = text
    return text.withUTF8 {
      let bytes = UnsafeRawBufferPointer($0)
      return value(bytes, hash: TextTable.hash(bytes))
    }
  }

  /// Adds a series with a larger id than those before.
  ///
  /// - Parameters:
  ///   - range: where in the piece of the arena at `place` the value lies.
  mutating func add(_ id: UInt32, place: UInt32, _ range: Range<Int>) {
    firstSeries = min(firstSeries, id)
    let text = UnsafeRawBufferPointer(rebasing: arena.bytes(at: place)[range])
    let hash = TextTable.hash(text)
    guard let index = value(text, hash: hash) else {
      table.insert(hash, UInt32(values.count))
      values.append(
        Value(
          place: place, start: UInt16(range.lowerBound), length: UInt16(range.count), first: id,
          others: 0))
      return
    }
    let list = Int(values[index].others)
    if list > 0 {
      lists[list - 1].append(id)
    } else {
      lists.append([id])
      values[index].others = UInt32(lists.count)
    }
  }

  /// Appends the ids below `bound` that have a value, ascending.
  func appendSeries(ofValue index: Int, before bound: UInt32, to ids: inout [UInt32]) {
    let value = values[index]
    guard value.first < bound else { return }
    ids.append(value.first)
    if value.others > 0 {
      let list = lists[Int(value.others) - 1]
      ids += list[..<Postings.lowerBound(list, bound)]
    }
  }
}
