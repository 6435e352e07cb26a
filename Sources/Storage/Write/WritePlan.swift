import TimeSeries

/// A batch looked through once, before any lock is taken: which points have the same fields.
///
/// Points of a series tend to have the fields of the one before, so that is tried first; what is
/// decided about a shape (field types, columns) is then decided once and not for every value.
struct WritePlan {
  struct Shape: Hashable {
    /// Index into the batch's names and type, for each field in the order of the point.
    var fields: [UInt64]

    static func pack(_ field: PointBatch.Field) -> UInt64 {
      UInt64(field.name) << 8 | UInt64(field.type.rawValue)
    }

    func name(_ index: Int) -> Int { Int(fields[index] >> 8) }

    func type(_ index: Int) -> FieldType {
      FieldType(rawValue: UInt8(truncatingIfNeeded: fields[index])) ?? .float
    }

    /// Positions in the point of the fields that count, ascending by name: of a field given twice
    /// the last.
    var positions: [Int] {
      var last: [Int: Int] = [:]
      for index in fields.indices { last[name(index)] = index }
      return last.values.sorted { (name($0), $0) < (name($1), $1) }
    }
  }

  private(set) var shapes: [Shape] = []
  /// For each point.
  private(set) var pointShapes: [UInt32] = []

  init(_ batch: PointBatch) {
    var known: [Shape: UInt32] = [:]
    var latest = [UInt32](repeating: .max, count: batch.seriesKeys.count)
    pointShapes.reserveCapacity(batch.points.count)
    let fields = batch.fields
    for point in batch.points {
      let series = Int(point.series)
      let first = Int(point.firstField)
      let count = Int(point.fieldCount)
      let guess = latest[series]
      if guess != .max, Self.matches(shapes[Int(guess)], fields, first, count) {
        pointShapes.append(guess)
        continue
      }
      let shape = Shape(fields: fields[first..<first + count].map(Shape.pack))
      let number: UInt32
      if let found = known[shape] {
        number = found
      } else {
        number = UInt32(shapes.count)
        shapes.append(shape)
        known[shape] = number
      }
      latest[series] = number
      pointShapes.append(number)
    }
  }

  @inline(__always)
  private static func matches(
    _ shape: Shape, _ fields: [PointBatch.Field], _ first: Int, _ count: Int
  ) -> Bool {
    guard shape.fields.count == count else { return false }
    for index in 0..<count where shape.fields[index] != Shape.pack(fields[first + index]) {
      return false
    }
    return true
  }
}
