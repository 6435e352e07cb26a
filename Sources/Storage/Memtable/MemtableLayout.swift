import TimeSeries

/// The columns of rows that have the same fields: shared by all series of a measurement whose
/// points look alike.
final class MemtableLayout: Sendable {
  /// Ascending; numbers of the measurement's fields.
  let fieldIDs: [UInt32]
  let types: [FieldType]
  /// Columns that hold strings, whose cells are addresses in a ``TextArena``.
  let stringColumns: [Int]

  init(fieldIDs: [UInt32], types: [FieldType]) {
    self.fieldIDs = fieldIDs
    self.types = types
    stringColumns = types.indices.filter { types[$0] == .string }
  }

  /// The column of a field of that type, at or behind a column.
  func column(of field: MemtableField, from start: Int = 0) -> Int? {
    guard let id = field.id else { return nil }
    let column = Postings.lowerBound(fieldIDs, id, from: start)
    guard column < fieldIDs.count, fieldIDs[column] == id, types[column] == field.type else {
      return nil
    }
    return column
  }
}

/// A field as a reader of a memtable asks for it.
struct MemtableField: Sendable, Hashable {
  /// Its number in the measurement; nil if the measurement does not have it.
  var id: UInt32?
  var type: FieldType
}
