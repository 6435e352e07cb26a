import TimeSeries

/// The field names of the lines before, by their place in the line: what stands first in one line
/// mostly stands first in the next, and is then recognized by comparing bytes.
struct FieldNameCache {
  private struct Name {
    /// Where the name stands in the body, with its escapes.
    var offset: Int
    /// With the equals sign; 0 where the name is not to be recognized.
    var length: Int
    var index: UInt32
  }

  private var names: [Name] = []

  /// If the name expected at `place` stands at `position`: its index, and `position` moves behind
  /// the equals sign.
  @inline(__always)
  func match(place: Int, at position: inout Int, in body: Body) -> UInt32? {
    guard place < names.count else { return nil }
    let name = names[place]
    guard name.length > 0, body.isEqual(name.offset, position, length: name.length) else {
      return nil
    }
    position += name.length
    return name.index
  }

  /// Expects the name in `range` at `place` from now on; `place` is at most one more than any
  /// before. Names at places above ``placeLimit`` are not kept.
  mutating func expect(_ range: Range<Int>, index: UInt32, at place: Int) {
    let name = Name(offset: range.lowerBound, length: range.count + 1, index: index)
    if place < names.count {
      names[place] = name
    } else if names.count < Self.placeLimit {
      while names.count < place { names.append(Name(offset: 0, length: 0, index: 0)) }
      names.append(name)
    }
  }

  private static let placeLimit = 4096

  mutating func removeAll() { names.removeAll(keepingCapacity: true) }
}
