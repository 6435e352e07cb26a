import TimeSeries

/// Why a statement could not be planned or run. Descriptions use InfluxDB 1.x's wording where it
/// has one, because clients match on it.
public enum QueryError: Error, Sendable, Hashable {
  case databaseNotFound(String)
  case databaseNameRequired
  case retentionPolicyNotFound(String)
  /// The statement contradicts itself or the language; the text is the whole message.
  case invalid(String)
  /// A function met a field type it has no meaning for.
  case unsupportedType(function: String, type: FieldType)
  /// A number that the type of the result cannot hold, and what it was to be the value of.
  case overflow(String, FieldType)
  case modelNotFound(String)
  case badPattern(String, reason: String)
  /// The statement is not the executor's to run (DDL, models, continuous queries).
  case notExecutable(String)
  case timedOut
  case cancelled
  case memoryLimit(bytes: Int)
  case tooManyBuckets(Int, limit: Int)
  /// Rows that `SELECT … INTO` could not write.
  case partialWrite(String)
}

extension QueryError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .databaseNotFound(let name): "database not found: \(name)"
    case .databaseNameRequired: "database name required"
    case .retentionPolicyNotFound(let name): "retention policy not found: \(name)"
    case .invalid(let message): message
    case .unsupportedType(let function, let type):
      "unsupported \(function) iterator type: *query.\(type.name)InterruptIterator"
    case .overflow(let what, let type):
      "numeric overflow: \(what) does not fit type \(type.name)"
    case .modelNotFound(let name): "model not found: \(name)"
    case .badPattern(let pattern, let reason): "invalid regular expression /\(pattern)/: \(reason)"
    case .notExecutable(let what): "unable to execute \(what) here"
    case .timedOut: "query-timeout limit exceeded"
    case .cancelled: "query interrupted"
    case .memoryLimit(let bytes): "query memory limit of \(bytes) bytes exceeded"
    case .tooManyBuckets(let count, let limit):
      "max-select-buckets limit exceeded: (\(count)/\(limit))"
    case .partialWrite(let reason): "partial write: \(reason)"
    }
  }
}
