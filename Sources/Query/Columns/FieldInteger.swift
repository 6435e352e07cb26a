import TimeSeries

/// An integer that a field can hold.
protocol FieldInteger: FixedWidthInteger, Sendable {
  static var fieldType: FieldType { get }
}

extension Int64: FieldInteger {
  static var fieldType: FieldType { .integer }
}

extension UInt64: FieldInteger {
  static var fieldType: FieldType { .unsigned }
}

extension FieldInteger {
  /// - Parameter what: what the value is, for the error.
  /// - Throws: ``QueryError/overflow(_:_:)``
  init(fitting value: Int128, _ what: @autoclosure () -> String) throws {
    guard let fitting = Self(exactly: value) else {
      throw QueryError.overflow("\(what()) \(value)", Self.fieldType)
    }
    self = fitting
  }

  /// The integer part of a float.
  ///
  /// - Throws: ``QueryError/overflow(_:_:)``, also for NaN.
  init(integerPartOf value: Double) throws {
    // Rounded first: the float next below the range still has an integer part within it.
    guard let fitting = Self(exactly: value.rounded(.towardZero)) else {
      throw QueryError.overflow("\(value)", Self.fieldType)
    }
    self = fitting
  }

  /// `value` as this type.
  ///
  /// - Throws: ``QueryError/overflow(_:_:)``
  init(converting value: some FieldInteger) throws {
    guard let fitting = Self(exactly: value) else {
      throw QueryError.overflow("\(value)", Self.fieldType)
    }
    self = fitting
  }
}
