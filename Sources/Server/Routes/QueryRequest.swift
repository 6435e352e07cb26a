import Foundation
import HTTPTypes
import Query
import TimeSeries
import Vigil

/// The parameters of `/query`.
struct QueryRequest {
  var text: String
  var database: String?
  var options = QueryOptions()
  var timeFormat: ResultTimeFormat
  var isChunked: Bool

  /// Rows of a chunk where the client does not say, as in InfluxDB. A response in one document is
  /// made of chunks as well, so that it need not be held.
  static let defaultChunkSize = 10_000
  static let maximumChunkSize = 1_000_000

  init(_ parameters: FormParameters) throws(ErrorResponse) {
    guard let text = parameters.text("q") else {
      throw ErrorResponse(.badRequest, "missing required parameter \"q\"")
    }
    self.text = text
    database = parameters.text("db")
    options.retentionPolicy = parameters.text("rp")
    timeFormat = ResultTimeFormat(epochParameter: parameters.text("epoch"))
    isChunked = parameters["chunked"] == "true"
    options.chunkSize = Self.defaultChunkSize
    if isChunked, let size = parameters["chunk_size"].flatMap({ Int($0) }), size > 0 {
      options.chunkSize = min(size, Self.maximumChunkSize)
    }
    if let json = parameters["params"], !json.isEmpty {
      options.parameters = try Self.boundParameters(json)
    }
  }

  private static func boundParameters(_ json: String) throws(ErrorResponse) -> [String:
    QueryParameter]
  {
    do {
      return try JSONDecoder().decode([String: BoundValue].self, from: Data(json.utf8))
        .mapValues(\.parameter)
    } catch let DecodingError.dataCorrupted(context) where !context.codingPath.isEmpty {
      let name = context.codingPath.map(\.stringValue).joined(separator: ".")
      throw ErrorResponse(
        .badRequest, "error parsing query parameters: \(name): \(context.debugDescription)")
    } catch {
      throw ErrorResponse(.badRequest, "error parsing query parameters: not a JSON object")
    }
  }

  private struct BoundValue: Decodable {
    let parameter: QueryParameter

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      if let boolean = try? value.decode(Bool.self) {
        parameter = .boolean(boolean)
      } else if let integer = try? value.decode(Int64.self) {
        parameter = .integer(integer)
      } else if let number = try? value.decode(Double.self) {
        parameter = .number(number)
      } else if let string = try? value.decode(String.self) {
        parameter = .string(string)
      } else if let typed = try? value.decode([String: BoundValue].self), typed.count == 1,
        let (type, inner) = typed.first, let parameter = Self.typed(type, inner.parameter)
      {
        self.parameter = parameter
      } else {
        throw DecodingError.dataCorruptedError(
          in: value, debugDescription: "expected a string, a number, a boolean or {\"type\": value}"
        )
      }
    }

    /// The value of `{"regex": "^a"}` and its like; nil where type and value do not fit.
    private static func typed(_ type: String, _ value: QueryParameter) -> QueryParameter? {
      switch (type, value) {
      case ("string", .string), ("integer", .integer), ("float", .number):
        value
      case ("float", .integer(let number)): .number(Double(number))
      case ("regex", .string(let text)): .regex(text)
      case ("identifier", .string(let text)): .identifier(text)
      case ("duration", .integer(let nanoseconds)): .duration(nanoseconds: nanoseconds)
      case ("duration", .string(let text)):
        DurationLiteral.nanoseconds(text).map(QueryParameter.duration)
      default: nil
      }
    }
  }
}
