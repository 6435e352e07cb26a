import TimeSeries

extension Column {
  /// Appends rows. Where the types differ (a part of a JSON answer shows whole floats as integers)
  /// the column takes the type that holds both: floats for numbers, strings for the rest.
  mutating func append(_ rows: Column) {
    var rows = rows
    if type != rows.type {
      let common = Self.commonType(self, rows)
      self = converted(to: common)
      rows = rows.converted(to: common)
    }
    if validity != nil || rows.validity != nil {
      var present = validity ?? Validity(repeating: true, count: count)
      for row in 0..<rows.count { present.append(rows.isPresent(row)) }
      validity = present
    }
    switch (values, rows.values) {
    case (.float(let a), .float(let b)): values = .float(a + b)
    case (.integer(let a), .integer(let b)): values = .integer(a + b)
    case (.unsigned(let a), .unsigned(let b)): values = .unsigned(a + b)
    case (.boolean(let a), .boolean(let b)): values = .boolean(a + b)
    case (.string(let a), .string(let b)): values = .string(a + b)
    default: preconditionFailure("both columns have the common type")
    }
  }

  private static func commonType(_ a: Column, _ b: Column) -> FieldType {
    let present = [a, b].filter { column in (0..<column.count).contains(where: column.isPresent) }
    return FieldType.common(present.map(\.type))
  }

  private func converted(to type: FieldType) -> Column {
    guard type != self.type else { return self }
    return Column((0..<count).map { self[$0] }, type: type)
  }
}

extension Column {
  /// A column of `type`, which is to hold all of `cells`: see ``FieldType/common(_:)``.
  init(_ cells: [FieldValue?], type: FieldType) {
    let values: ColumnValues =
      switch type {
      case .float: .float(cells.map { $0.flatMap(ResultValue.number) ?? 0 })
      case .integer: .integer(cells.map { if case .integer(let value) = $0 { value } else { 0 } })
      case .unsigned: .unsigned(cells.map { $0.flatMap(ResultValue.unsigned) ?? 0 })
      case .boolean:
        .boolean(cells.map { if case .boolean(let value) = $0 { value } else { false } })
      case .string: .string(cells.map { ValueText.of($0) })
      }
    var validity: Validity?
    if cells.contains(where: { $0 == nil }) {
      var present = Validity(count: 0)
      for cell in cells { present.append(cell != nil) }
      validity = present
    }
    self.init(values, validity: validity)
  }
}

extension FieldType {
  /// The type that holds values of all of `types`: float where there are none.
  static func common(_ types: [FieldType]) -> FieldType {
    guard let first = types.first else { return .float }
    if types.allSatisfy({ $0 == first }) { return first }
    let numeric: Set<FieldType> = [.float, .integer, .unsigned]
    return types.allSatisfy(numeric.contains) ? .float : .string
  }
}

/// Result values as numbers.
package enum ResultValue {
  /// Booleans as 0 and 1; nil for strings.
  package static func number(_ value: FieldValue) -> Double? {
    switch value {
    case .float(let value): value
    case .integer(let value): Double(value)
    case .unsigned(let value): Double(value)
    case .boolean(let value): value ? 1 : 0
    case .string: nil
    }
  }

  /// Integers below 0 as 0; nil for what is no integer.
  static func unsigned(_ value: FieldValue) -> UInt64? {
    switch value {
    case .unsigned(let value): value
    case .integer(let value): UInt64(clamping: value)
    default: nil
    }
  }
}
