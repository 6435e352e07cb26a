import Query
import TimeSeries

/// Which rows a training is on.
struct TrainingSpan {
  /// The model's condition with the time of this training in it.
  var condition: Query.Expression?
  /// The time that the rows end at.
  var end: Timestamp

  /// A model with a schedule is trained on the last OVER before `now`, the first time only where its
  /// statement has no times; others on what their statement says.
  init(_ statement: CreateModelStatement, isFirst: Bool, now: Timestamp) throws {
    let range = try ConditionRange(statement.condition, now: now, statement: "CREATE MODEL")
    guard let schedule = statement.schedule, !(isFirst && range.isOnTime) else {
      condition = statement.condition
      end = min(now, range.through ?? now)
      return
    }
    func bound(_ op: BinaryOperator, _ time: Timestamp) -> Query.Expression {
      .binary(op, .reference("time", cast: nil), .integer(time))
    }
    let (start, overflow) = now.subtractingReportingOverflow(schedule.over)
    let times = Query.Expression.binary(
      .and, bound(.greaterOrEqual, overflow ? .min : start), bound(.less, now))
    condition = range.rest.map { .binary(.and, .parenthesized($0), times) } ?? times
    end = now
  }
}
