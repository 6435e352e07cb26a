import TimeSeries

/// `SHOW … CARDINALITY`: how many measurements, series, tag keys, tag values or fields there are.
///
/// Whether it says EXACT or not, the count is exact. As in InfluxDB, counting the series or
/// measurements of a database without EXACT and any clause gives one number, and anything else one
/// for each measurement and group.
struct CardinalityQuery {
  enum Subject {
    case measurements, series, tagKeys, fields
    case tagValues(isWanted: (String) -> Bool)
  }

  let sources: ShowSources

  private struct Group: Hashable {
    /// Empty if measurements are counted.
    var measurement: String
    var tags: [Tag]
  }

  func run(_ show: ShowStatement, counting subject: Subject) throws -> [ResultSeries] {
    if let whole = try countOfDatabase(show, subject) {
      return [table("cardinality estimation", whole)]
    }
    let listed = try sources.measurements(of: show)
    // Of the one row that a group has.
    guard show.offset ?? 0 == 0 else { return [] }
    var counts: [Group: Int] = [:]
    for measurement in listed {
      for (tags, members) in try groups(of: measurement, by: show.dimensions) {
        if case .measurements = subject {
          counts[Group(measurement: "", tags: tags), default: 0] += 1
        } else {
          let group = Group(measurement: measurement.name, tags: tags)
          if case .fields = subject, show.dimensions.isEmpty {
            counts[group, default: 0] += try measurement.fields().count
          } else {
            counts[group, default: 0] += try count(subject, of: members, measurement)
          }
        }
      }
    }
    return counts.filter { $0.value > 0 }
      .sorted { Self.isLess($0.key, $1.key) }
      .map { table("count", $0.value, name: $0.key.measurement, tags: $0.key.tags) }
  }

  /// Nil unless it is the series or measurements of a whole database that are counted.
  private func countOfDatabase(_ show: ShowStatement, _ subject: Subject) throws -> Int? {
    var plain = ShowStatement()
    plain.database = show.database
    plain.cardinality = .estimated
    guard show == plain else { return nil }
    let snapshot = sources.source.snapshot(of: try sources.required(show.database))
    let names = snapshot?.measurements ?? []
    switch subject {
    case .measurements: return names.count
    case .series:
      return names.reduce(0) { $0 + (snapshot?.series(of: $1, matching: nil).count ?? 0) }
    case .tagKeys, .tagValues, .fields: return nil
    }
  }

  /// The series that are meant, by their values of the tags in GROUP BY.
  private func groups(
    of measurement: ListedMeasurement, by dimensions: [SelectStatement.Dimension]
  ) throws -> [[Tag]: ListedMeasurement.Members] {
    var keys: Set<String> = []
    for dimension in dimensions {
      switch dimension {
      case .tag(let key): keys.insert(key)
      case .all: keys.formUnion(measurement.schema.tagKeys)
      case .regex(let source):
        let pattern = try Pattern(source)
        keys.formUnion(measurement.schema.tagKeys.filter(pattern.matches))
      }
    }
    let sorted = keys.sorted(by: String.isLess)
    return Dictionary(grouping: try measurement.meant()) { member in
      sorted.map { Tag(key: $0, value: member.series.key.value(of: $0) ?? "") }
    }
  }

  private func count(
    _ subject: Subject, of members: ListedMeasurement.Members, _ measurement: ListedMeasurement
  ) throws -> Int {
    switch subject {
    case .measurements: return 1
    case .series: return members.count
    case .tagKeys: return Set(members.flatMap { $0.series.key.tags.map(\.key) }).count
    case .tagValues(let isWanted):
      return Set(members.flatMap { $0.series.key.tags.filter { isWanted($0.key) } }).count
    case .fields: return try measurement.fields(of: members).count
    }
  }

  private func table(
    _ column: String, _ count: Int, name: String = "", tags: [Tag] = []
  ) -> ResultSeries {
    ResultSeries(
      name: name, tags: tags, columnNames: [column], columns: [Column(.integer([Int64(count)]))],
      hasTime: false)
  }

  private static func isLess(_ a: Group, _ b: Group) -> Bool {
    guard a.measurement == b.measurement else { return String.isLess(a.measurement, b.measurement) }
    for (one, other) in zip(a.tags, b.tags) where one != other {
      return one.key == other.key
        ? String.isLess(one.value, other.value) : String.isLess(one.key, other.key)
    }
    return a.tags.count < b.tags.count
  }
}
