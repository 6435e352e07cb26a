/// How a response is written.
enum ResultFormat: Sendable, Hashable {
  case json(isPretty: Bool)
  case csv

  /// From the Accept header, by the first type in it that is known; JSON otherwise. Weights are not
  /// looked at, as InfluxDB does not look at them either.
  init(accept: String?, isPretty: Bool) {
    for part in (accept ?? "").split(separator: ",") {
      let type = part.prefix { $0 != ";" }.trimmingSpaces().lowercased()
      switch type {
      case "application/csv", "text/csv":
        self = .csv
        return
      case "application/json":
        self = .json(isPretty: isPretty)
        return
      default: continue
      }
    }
    self = .json(isPretty: isPretty)
  }

  var contentType: String {
    switch self {
    case .json: "application/json"
    case .csv: "text/csv"
    }
  }
}

extension StringProtocol {
  /// Without white space at either end.
  func trimmingSpaces() -> SubSequence {
    var rest = self[...]
    while rest.first?.isWhitespace == true { rest.removeFirst() }
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return rest
  }
}
