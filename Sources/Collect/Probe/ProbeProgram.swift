import Foundation

/// The program that bpftrace runs: the files of tools/bpftrace whose parameters are wanted and whose
/// tracepoints the kernel has.
///
/// What a file counts and where is read from its text: a map has the name of its parameter, and
/// probes are written `tracepoint:CATEGORY:NAME`. A file with several tracepoints needs them all, as
/// a part of the events would pass for all of them.
struct ProbeProgram: Sendable, Hashable {
  /// As bpftrace takes it, without comments.
  let text: String
  let parameters: Set<Parameter>
  /// Why wanted parameters are not counted.
  let missing: [Parameter: String]
  /// `CATEGORY:NAME`.
  let tracepoints: Set<String>

  enum Failure: Error, Hashable, CustomStringConvertible {
    case unreadable(directory: String, reason: String)
    case noTracefs([String])
    case noMark(reason: String)
    case nothingToCount([Parameter: String])

    var description: String {
      switch self {
      case .unreadable(let directory, let reason):
        "cannot read the bpftrace programs in \(directory): \(reason)"
      case .noTracefs(let places):
        "tracefs is not mounted: there is no \(places.joined(separator: " and no "))"
      case .noMark(let reason): "bpftrace cannot be asked for its totals: \(reason)"
      case .nothingToCount(let missing):
        "nothing is left to count: "
          + Set(missing.values).sorted().joined(separator: "; ")
      }
    }
  }

  /// - Parameters:
  ///   - directory: holds the `.bt` files.
  ///   - events: where tracefs may have its tracepoints; the first that is there counts.
  ///   - rejected: tracepoints that bpftrace could not use, and what it said.
  init(
    directory: String, events: [String], wanted: Set<Parameter>, rejected: [String: String] = [:]
  ) throws(Failure) {
    let files = try Self.files(directory)
    guard let events = events.first(where: Self.isDirectory) else { throw .noTracefs(events) }
    guard var mark = files.first(where: { $0.name == Self.mark }) else {
      throw .noMark(reason: "there is no \(Self.mark) in \(directory)")
    }
    if let reason = mark.reasonToLeaveOut(events: events, rejected: rejected) {
      throw .noMark(reason: reason)
    }

    var missing: [Parameter: String] = [:]
    var parts: [Part] = []
    var counted: Set<Parameter> = []
    for part in files where part.name != Self.mark {
      let useful = part.parameters.intersection(wanted).intersection(mark.printed)
      if useful.isEmpty { continue }
      if let reason = part.reasonToLeaveOut(events: events, rejected: rejected) {
        for parameter in useful { missing[parameter] = reason }
      } else {
        parts.append(part)
        counted.formUnion(useful)
      }
    }
    for parameter in wanted.subtracting(counted) where missing[parameter] == nil {
      missing[parameter] = "no program in \(directory) counts and prints it"
    }
    guard !counted.isEmpty else { throw .nothingToCount(missing) }

    mark.keepPrints(of: counted)
    parts.append(mark)
    text = parts.map(\.text).joined(separator: "\n")
    parameters = counted
    tracepoints = parts.reduce(into: []) { $0.formUnion($1.tracepoints) }
    self.missing = missing
  }

  /// The tracepoints of this program that a line of bpftrace's names.
  func tracepoints(namedIn line: String) -> Set<String> {
    tracepoints.filter { tracepoint in
      [tracepoint, tracepoint.replacing(":", with: "/")].contains { name in
        line.ranges(of: name).contains { range in
          // Not where the name goes on, as sys_enter_open does in sys_enter_openat.
          line[range.upperBound...].first.map { !$0.isLetter && !$0.isNumber && $0 != "_" } ?? true
        }
      }
    }
  }

  /// The file that prints the totals when asked.
  private static let mark = "mark.bt"

  private static func files(_ directory: String) throws(Failure) -> [Part] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: directory)
        .filter { $0.hasSuffix(".bt") }.sorted()
        .map { name in
          Part(
            name: name,
            text: try String(contentsOfFile: directory + "/" + name, encoding: .utf8))
        }
    } catch {
      throw .unreadable(directory: directory, reason: error.localizedDescription)
    }
  }

  private static func isDirectory(_ path: String) -> Bool {
    var isDirectory: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory)
      && isDirectory.boolValue
  }

  /// One file, without its comments (`//` to the end of the line).
  private struct Part {
    let name: String
    private(set) var lines: [Substring]

    init(name: String, text: String) {
      self.name = name
      lines = text.split(separator: "\n")
        .map { $0[..<($0.firstRange(of: "//")?.lowerBound ?? $0.endIndex)] }
        .filter { $0.contains { !$0.isWhitespace } }
    }

    var text: String { lines.joined(separator: "\n") }

    /// What it counts.
    var parameters: Set<Parameter> {
      let text = text
      return Set(Parameter.allCases.filter { text.contains("@\($0.rawValue)[") })
    }

    /// What it prints.
    var printed: Set<Parameter> { Set(lines.compactMap(Self.parameter(printedIn:))) }

    var tracepoints: Set<String> {
      Set(text.matches(of: /tracepoint:(\w+:\w+)/).map { String($0.output.1) })
    }

    func reasonToLeaveOut(events: String, rejected: [String: String]) -> String? {
      for tracepoint in tracepoints.sorted() {
        if let complaint = rejected[tracepoint] {
          return "bpftrace cannot use \(tracepoint): \(complaint)"
        }
        let place = tracepoint.replacing(":", with: "/")
        if !ProbeProgram.isDirectory("\(events)/\(place)") {
          return "this kernel has no tracepoint \(tracepoint)"
        }
      }
      return nil
    }

    /// Takes out the prints of other maps: bpftrace refuses a map that nothing is put into.
    mutating func keepPrints(of parameters: Set<Parameter>) {
      lines.removeAll { Self.parameter(printedIn: $0).map { !parameters.contains($0) } ?? false }
    }

    private static func parameter(printedIn line: Substring) -> Parameter? {
      line.firstMatch(of: /print\(@(\w+)\)/).flatMap { Parameter(rawValue: String($0.output.1)) }
    }
  }
}
