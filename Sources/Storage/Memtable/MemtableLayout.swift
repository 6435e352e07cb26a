import TimeSeries

/// The columns of rows that have the same fields: shared by all series of a measurement whose
/// points look alike.
final class MemtableLayout: Sendable {
  /// Ascending; numbers of the measurement's fields.
  let fieldIDs: [UInt32]
  let names: [String]
  let types: [FieldType]
  /// Columns that hold strings, whose cells are addresses in a ``TextArena``.
  let stringColumns: [Int]

  init(fieldIDs: [UInt32], names: [String], types: [FieldType]) {
    self.fieldIDs = fieldIDs
    self.names = names
    self.types = types
    stringColumns = types.indices.filter { types[$0] == .string }
  }

  /// The column of a field of that type.
  func column(of name: String, type: FieldType) -> Int? {
    guard let index = names.firstIndex(of: name), types[index] == type else { return nil }
    return index
  }
}
