import TimeSeries

/// What became of faults that were injected on purpose: whether their containers were flagged, how
/// soon, by which metric, and what was flagged besides.
///
/// A row stands for the interval that begins at its time, and is *of a fault* if the interval
/// overlaps the fault. A fault is found if a row of it in its own container is an anomaly and the
/// last scored row before it is not: a flag that was up already says nothing. After a fault its
/// container's rows count neither way for `aftermath` nanoseconds: their windows still hold the
/// fault. All other anomalies are false positives.
struct FaultReport: Hashable {
  struct Outcome: Hashable {
    var fault: Mark
    var container: String
    /// The end of the first flagged interval, when at the earliest it can be known; nil: not found.
    var flaggedAt: Timestamp?
    /// The container was flagged before the fault began.
    var wasFlagged = false
    /// The metric with the largest mean share of the flagged rows' loss, and that share.
    var top: Share?
    /// The other containers' rows meanwhile.
    var elsewhere = Tally()

    /// Nanoseconds.
    var delay: Int64? {
      flaggedAt.map {
        let (delay, overflow) = $0.subtractingReportingOverflow(fault.from)
        return overflow ? .max : max(0, delay)
      }
    }
  }

  /// A metric and its part of a loss, 0 to 1.
  struct Share: Hashable {
    var metric: String
    var part: Double
  }

  /// Rows with a score, and the anomalies among them.
  struct Tally: Hashable {
    var scored = 0
    var flagged = 0

    mutating func add(_ row: Health) {
      scored += 1
      if row.anomaly { flagged += 1 }
    }
  }

  private(set) var outcomes: [Outcome] = []
  /// Rows of no fault and no aftermath, by container.
  private(set) var calm: [String: Tally] = [:]

  /// - Parameters:
  ///   - faults: those without a container are left out, and so are those without an end.
  ///   - health: each container's rows, ascending in time.
  ///   - interval: of the rows, nanoseconds.
  ///   - aftermath: nanoseconds.
  init(faults: [Mark], health: [String: [Health]], interval: Int64, aftermath: Int64) {
    let scored = health.mapValues { $0.filter { $0.loss != nil } }
    var spans: [(fault: Mark, container: String, until: Timestamp)] = []
    for fault in faults {
      guard let container = fault.group, let until = fault.until else { continue }
      spans.append((fault, container, until))
    }
    outcomes = spans.map { span in
      var outcome = Outcome(fault: span.fault, container: span.container)
      for (container, rows) in scored where container != span.container {
        for row in rows where row.overlaps(span.fault.from, span.until, interval) {
          outcome.elsewhere.add(row)
        }
      }
      outcome.judge(scored[span.container] ?? [], until: span.until, interval: interval)
      return outcome
    }
    for (container, rows) in scored {
      var tally = Tally()
      for row in rows {
        let isOfAFault = spans.contains { span in
          let reach = span.container == container ? aftermath : 0
          return row.overlaps(span.fault.from, span.until.adding(reach), interval)
        }
        if !isOfAFault { tally.add(row) }
      }
      calm[container] = tally
    }
  }

  var found: Int { outcomes.count { $0.flaggedAt != nil } }
}

extension FaultReport.Outcome {
  /// Looks through the scored rows of the fault's own container.
  fileprivate mutating func judge(_ rows: [Health], until: Timestamp, interval: Int64) {
    let before = rows.last { !$0.overlaps(fault.from, .max, interval) }
    wasFlagged = before?.anomaly ?? false
    let flagged = rows.filter { $0.anomaly && $0.overlaps(fault.from, until, interval) }
    guard let first = flagged.first, !wasFlagged else { return }
    flaggedAt = first.time.adding(interval)
    var shares: [String: Double] = [:]
    for row in flagged {
      for (metric, share) in row.shares { shares[metric, default: 0] += share }
    }
    top = shares.max { ($0.value, $1.key) < ($1.value, $0.key) }.map {
      FaultReport.Share(metric: $0.key, part: $0.value / Double(flagged.count))
    }
  }
}

extension Health {
  /// Whether the row's interval has a part of the time from `from` to `until`.
  fileprivate func overlaps(_ from: Timestamp, _ until: Timestamp, _ interval: Int64) -> Bool {
    time < until && time.adding(interval) > from
  }
}

extension Timestamp {
  /// The time `duration` ≥ 0 nanoseconds later, or the last there is.
  fileprivate func adding(_ duration: Int64) -> Timestamp {
    let (sum, overflow) = addingReportingOverflow(duration)
    return overflow ? .max : sum
  }
}
