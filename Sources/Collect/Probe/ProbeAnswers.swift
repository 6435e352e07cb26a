/// Puts the lines of one run of bpftrace together to answers: the maps up to a mark are the totals
/// of one moment.
///
/// bpftrace prints nothing for an empty map. An answer is therefore whole only if every line of it
/// could be read and every map that was ever printed is there; one that is not is no answer.
struct ProbeAnswers {
  private let parameters: Set<Parameter>
  private var reading: KernelReading
  private var isWhole = true
  private var printed: Set<Parameter> = []
  /// The most cgroups that a map has had.
  private(set) var mostKeys = 0
  private(set) var unreadableLines: UInt64 = 0

  init(run: UInt64, parameters: Set<Parameter>) {
    self.parameters = parameters
    reading = KernelReading(run: run)
  }

  /// - Returns: at a mark, the number of the question and what it is answered with, nil if nothing.
  mutating func take(
    _ message: BpftraceOutput.Message
  ) -> (question: UInt64, reading: KernelReading?)? {
    switch message {
    case .map(let name, let counts):
      guard let parameter = Parameter(rawValue: name), parameters.contains(parameter),
        reading.totals.updateValue(counts, forKey: parameter) == nil
      else {
        isWhole = false
        return nil
      }
      mostKeys = max(mostKeys, counts.count)
    case .lostEvents(let count):
      let (sum, overflow) = reading.lostEvents.addingReportingOverflow(count)
      reading.lostEvents = overflow ? .max : sum
    case .unreadable:
      unreadableLines &+= 1
      isWhole = false
    case .mark(let question):
      let present = Set(reading.totals.keys)
      isWhole = isWhole && present.isSuperset(of: printed)
      printed.formUnion(present)
      var answer = reading
      for parameter in parameters where answer.totals[parameter] == nil {
        answer.totals[parameter] = [:]
      }
      reading.totals.removeAll(keepingCapacity: true)
      defer { isWhole = true }
      return (question, isWhole ? answer : nil)
    case .other: break
    }
    return nil
  }
}
