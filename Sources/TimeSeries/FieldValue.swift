/// The type of a field. Raw values are part of the file formats (FORMAT.md) and never change.
public enum FieldType: UInt8, Sendable, Hashable, CaseIterable {
  case float = 1
  case integer = 2
  case unsigned = 3
  case boolean = 4
  case string = 5

  /// The name InfluxDB uses in `SHOW FIELD KEYS` and in type conflict errors.
  public var name: String {
    switch self {
    case .float: "float"
    case .integer: "integer"
    case .unsigned: "unsigned"
    case .boolean: "boolean"
    case .string: "string"
    }
  }
}

/// One field's value at one time.
public enum FieldValue: Sendable, Hashable {
  case float(Double)
  case integer(Int64)
  case unsigned(UInt64)
  case boolean(Bool)
  case string(String)

  public var type: FieldType {
    switch self {
    case .float: .float
    case .integer: .integer
    case .unsigned: .unsigned
    case .boolean: .boolean
    case .string: .string
    }
  }
}
