import Query
import TimeSeries

/// Evaluates simple SELECTs a row at a time, in the most obvious way; what the executor is compared
/// with.
struct NaiveEvaluator {
  /// A condition on one point.
  struct Condition {
    var text: String
    /// Whether a point at a time can meet it; looked at around `edges`, where that changes.
    var canHold: (Timestamp) -> Bool = { _ in true }
    var edges: [Timestamp] = []
    var holds: (RandomData.Point) -> Bool

    static func time(_ text: String, _ edge: Timestamp, _ holds: @escaping (Timestamp) -> Bool)
      -> Condition
    {
      Condition(text: text, canHold: holds, edges: [edge]) { holds($0.time) }
    }

    static func and(_ a: Condition, _ b: Condition) -> Condition {
      Condition(
        text: "\(a.text) AND \(b.text)", canHold: { a.canHold($0) && b.canHold($0) },
        edges: a.edges + b.edges, holds: { a.holds($0) && b.holds($0) })
    }

    static func or(_ a: Condition, _ b: Condition) -> Condition {
      Condition(
        text: "\(a.text) OR \(b.text)", canHold: { a.canHold($0) || b.canHold($0) },
        edges: a.edges + b.edges, holds: { a.holds($0) || b.holds($0) })
    }
  }

  struct Query {
    /// Functions of fields; or none, and fields are given as they are.
    var calls: [(function: String, field: String)]
    var fields: [String]
    var condition: Condition?
    var from: Timestamp
    /// Exclusive.
    var to: Timestamp
    var every: Int64?
    var tags: [String]
    var fill: String
    var descending: Bool
    var limit: Int?
    var offset: Int

    var text: String {
      let columns =
        calls.isEmpty
        ? fields.joined(separator: ", ")
        : calls.map { "\($0.function)(\($0.field))" }.joined(separator: ", ")
      var text = "SELECT \(columns) FROM m WHERE time >= \(from) AND time < \(to)"
      if let condition { text += " AND (\(condition.text))" }
      var groups = tags
      if let every { groups.insert("time(\(every)ns)", at: 0) }
      if !groups.isEmpty { text += " GROUP BY " + groups.joined(separator: ", ") }
      if every != nil { text += " FILL(\(fill))" }
      if descending { text += " ORDER BY time DESC" }
      if let limit { text += " LIMIT \(limit)" }
      if offset > 0 { text += " OFFSET \(offset)" }
      return text
    }
  }

  let data: RandomData

  /// The query from the first to the last time that its condition lets through; nil if there is none.
  private func bounded(_ query: Query) -> Query? {
    guard let condition = query.condition else { return query }
    let times = (condition.edges.flatMap { [$0 - 1, $0, $0 + 1] } + [query.from, query.to - 1])
      .filter { $0 >= query.from && $0 < query.to && condition.canHold($0) }
    guard let first = times.min(), let last = times.max() else { return nil }
    var query = query
    (query.from, query.to) = (first, last + 1)
    return query
  }

  func answer(_ query: Query) -> Answer {
    guard let query = bounded(query) else { return Answer() }
    let chosen = data.points.filter {
      $0.time >= query.from && $0.time < query.to && (query.condition?.holds($0) ?? true)
    }
    var groups: [[String]: [RandomData.Point]] = [:]
    for point in chosen {
      groups[query.tags.map { point.tags[$0] ?? "" }, default: []].append(point)
    }
    var answer = Answer()
    var keys = groups.keys.sorted { $0.lexicographicallyPrecedes($1) }
    if query.descending { keys.reverse() }
    for key in keys {
      let rows =
        query.calls.isEmpty
        ? raw(query, groups[key] ?? []) : aggregated(query, groups[key] ?? [])
      if rows.isEmpty { continue }
      let names =
        query.calls.isEmpty ? query.fields : unique(query.calls.map(\.function))
      answer.tables.append(
        Answer.Table(
          name: "m", tags: Dictionary(zip(query.tags, key)) { $1 }, columns: ["time"] + names,
          rows: rows))
    }
    return answer
  }

  private func unique(_ names: [String]) -> [String] {
    var seen: [String: Int] = [:]
    return names.map { name in
      let count = seen[name, default: 0]
      seen[name] = count + 1
      return count == 0 ? name : "\(name)_\(count)"
    }
  }

  private func raw(_ query: Query, _ points: [RandomData.Point]) -> [[Answer.Value]] {
    var rows = points.filter { point in query.fields.contains { point.values[$0] != nil } }
      .map { point in
        [.integer(point.time)] + query.fields.map { Self.value(point.values[$0]) }
      }
    if query.descending { rows.reverse() }
    return Array(rows.dropFirst(query.offset).prefix(query.limit ?? .max))
  }

  private func aggregated(_ query: Query, _ points: [RandomData.Point]) -> [[Answer.Value]] {
    let columns = query.calls.map { column(query, $0.function, $0.field, points) }
    var times = Set(columns.flatMap { $0.map(\.0) }).sorted()
    if query.descending { times.reverse() }
    return times.map { time in
      [.integer(time)]
        + columns.map { column in
          column.first { $0.0 == time }?.1
            ?? (query.every == nil ? .null : Int64(query.fill).map(Answer.Value.integer) ?? .null)
        }
    }
  }

  /// One call's results, with what fill() and LIMIT make of them.
  private func column(
    _ query: Query, _ function: String, _ field: String, _ points: [RandomData.Point]
  ) -> [(Timestamp, Answer.Value)] {
    var buckets: [Timestamp: [RandomData.Point]] = [:]
    for point in points where point.values[field] != nil {
      let bucket = query.every.map { point.time - point.time % $0 } ?? query.from
      buckets[bucket, default: []].append(point)
    }
    if buckets.isEmpty { return [] }
    var results: [(Timestamp, Answer.Value)] = []
    if let every = query.every, query.fill != "none" {
      var times = Array(
        stride(from: query.from - query.from % every, through: query.to - 1, by: Int(every)))
      if query.descending { times.reverse() }
      for time in times {
        if let bucket = buckets[time] {
          results.append((time, value(function, field, bucket)))
        } else if let number = Int64(query.fill) {
          results.append((time, .integer(number)))
        } else if query.fill == "previous" {
          results.append((time, results.last?.1 ?? .null))
        } else {
          results.append((time, function == "count" ? .integer(0) : .null))
        }
      }
    } else {
      for (time, bucket) in buckets { results.append((time, value(function, field, bucket))) }
      results.sort { query.descending ? $0.0 > $1.0 : $0.0 < $1.0 }
      // The same call twice is one call.
      let calls = Set(query.calls.map { "\($0.function)(\($0.field))" })
      let isAlone = calls.count == 1 && query.every == nil
      if isAlone, let chosen = selected(function, field, points) {
        results = [(chosen, results[0].1)]
      }
    }
    return Array(results.dropFirst(query.offset).prefix(query.limit ?? .max))
  }

  private static func value(_ value: FieldValue?) -> Answer.Value {
    switch value {
    case nil: .null
    case .float(let value)?: .number(value)
    case .integer(let value)?: .integer(value)
    case .unsigned(let value)?: .integer(Int64(clamping: value))
    case .boolean(let value)?: .boolean(value)
    case .string(let value)?: .text(value)
    }
  }

  private func numbers(_ field: String, _ points: [RandomData.Point]) -> [Double] {
    points.compactMap { point in
      switch point.values[field] {
      case .float(let value)?: value
      case .integer(let value)?: Double(value)
      default: nil
      }
    }
  }

  /// The time of the point a lone selector picks.
  private func selected(
    _ function: String, _ field: String, _ points: [RandomData.Point]
  ) -> Timestamp? {
    let present = points.filter { $0.values[field] != nil }
    let values = numbers(field, present)
    switch function {
    case "first": return present.first?.time
    case "last": return present.last?.time
    case "min": return zip(values, present).first { $0.0 == values.min() }?.1.time
    case "max": return zip(values, present).first { $0.0 == values.max() }?.1.time
    default: return nil
    }
  }

  private func value(
    _ function: String, _ field: String, _ points: [RandomData.Point]
  ) -> Answer.Value {
    let values = numbers(field, points)
    switch function {
    case "count": return .integer(Int64(points.count))
    case "sum": return .number(values.reduce(0, +))
    case "mean": return .number(values.reduce(0, +) / Double(values.count))
    case "min": return .number(values.min() ?? 0)
    case "max": return .number(values.max() ?? 0)
    case "spread": return .number((values.max() ?? 0) - (values.min() ?? 0))
    case "first": return Self.value(points[0].values[field])
    case "last": return Self.value(points[points.count - 1].values[field])
    case "median":
      let sorted = values.sorted()
      let middle = sorted.count / 2
      return .number(
        sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2)
    default: return .null
    }
  }
}
