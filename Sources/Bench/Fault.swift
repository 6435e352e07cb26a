import TimeSeries

/// An injected fault of a labelled day.
public struct Fault: Sendable, Hashable {
  /// The kinds of the published data sets (Nezha, FSE 2023).
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    case cpuContention = "cpu_contention"
    case cpuConsumed = "cpu_consumed"
    case networkDelay = "network_delay"
    case errorReturn = "return"
    case exception

    /// Whether the kind shows in resource metrics; the others change code paths and often leave no
    /// trace there.
    public var isResource: Bool {
      switch self {
      case .cpuContention, .cpuConsumed, .networkDelay: true
      case .errorReturn, .exception: false
      }
    }
  }

  public var injected: Timestamp
  public var pod: String
  public var kind: Kind

  public init(injected: Timestamp, pod: String, kind: Kind) {
    self.injected = injected
    self.pod = pod
    self.kind = kind
  }
}

/// Why a label file can't be used.
public struct LabelError: Error, CustomStringConvertible {
  public var line: Int
  public var reason: String
  public var description: String { "line \(line): \(reason)" }
}

/// The label file of a day: `inject_time_utc,pod,fault_type`, a header line first.
public enum FaultCSV {
  public static func parse(_ text: String) throws -> [Fault] {
    var faults: [Fault] = []
    for (index, line) in text.split(whereSeparator: \.isNewline).enumerated() where index > 0 {
      let columns = line.split(separator: ",", omittingEmptySubsequences: false)
      guard columns.count == 3 else {
        throw LabelError(line: index + 1, reason: "expected three columns, found \(columns.count)")
      }
      guard let time = TimestampText.timestamp(rfc3339: String(columns[0])) else {
        throw LabelError(line: index + 1, reason: "not an RFC 3339 time: \(columns[0])")
      }
      guard let kind = Fault.Kind(rawValue: String(columns[2])) else {
        throw LabelError(line: index + 1, reason: "unknown kind of fault: \(columns[2])")
      }
      faults.append(Fault(injected: time, pod: String(columns[1]), kind: kind))
    }
    return faults
  }

  public static func format(_ faults: [Fault]) -> String {
    faults.reduce(into: "inject_time_utc,pod,fault_type\n") {
      $0 += "\(TimestampText.rfc3339($1.injected)),\($1.pod),\($1.kind.rawValue)\n"
    }
  }
}

/// `FROM/TO`, both in RFC 3339, the end not included.
public enum TimeSpanText {
  /// Nil where it is no such span, or none of any length.
  public static func parse(_ text: String) -> Range<Timestamp>? {
    let ends = text.split(separator: "/", omittingEmptySubsequences: false)
      .map { TimestampText.timestamp(rfc3339: String($0)) }
    guard ends.count == 2, let start = ends[0], let end = ends[1], start < end else { return nil }
    return start..<end
  }
}
