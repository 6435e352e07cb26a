import TimeSeries

/// What becomes of fields that the sources of a `SELECT … INTO` have with several types, of which the
/// result has one.
extension SelectPlan {
  /// Warns of numbers that are written as numbers of another type.
  ///
  /// - Throws: ``QueryError/invalid(_:)`` if values would be left out, as a string is of a column of
  ///   floats. A cast says that they are to be.
  func writtenTypeWarnings() throws -> [String] {
    var warnings: [String] = []
    for source in sources {
      for index in drivingColumns {
        let column = columns[index]
        guard column.cast == nil || column.cast == .field, let type = column.type,
          let (own, origin) = Self.type(of: column.name, in: source), own != type
        else { continue }
        let disagreement =
          "field \"\(column.name)\" is type \(own.name) on \(origin) and type \(type.name) on another"
        guard Arithmetic.isNumeric(own), Arithmetic.isNumeric(type) else {
          throw QueryError.invalid(
            "unable to write both: \(disagreement); select them one by one or cast the field")
        }
        warnings.append("\(disagreement): written as \(type.name)")
      }
      if case .subquery(let inner) = source { warnings += try inner.writtenTypeWarnings() }
    }
    return warnings
  }

  /// The type a source has a column with, and how to call the source.
  private static func type(
    of name: String, in source: PlannedSource
  ) -> (type: FieldType, origin: String)? {
    switch source {
    case .measurement(let measurement):
      measurement.schema.type(of: name).map { ($0, "measurement \"\(measurement.name)\"") }
    case .subquery(let inner):
      inner.outputs.first { $0.name == name }?.type.map { ($0, "a subquery") }
    }
  }
}
