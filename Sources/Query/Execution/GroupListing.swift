import TimeSeries

/// The name and tags of one table of a result.
struct GroupKey: Sendable, Hashable, Comparable {
  var name: String
  /// One for each dimension, sorted by key; "" where the series have no such tag.
  var tags: [Tag]

  static func < (a: GroupKey, b: GroupKey) -> Bool {
    if a.name != b.name { return a.name.utf8.lexicographicallyPrecedes(b.name.utf8) }
    for (x, y) in zip(a.tags, b.tags) where x.value != y.value {
      return x.value.utf8.lexicographicallyPrecedes(y.value.utf8)
    }
    return false
  }
}

/// The series of a table.
struct Group: Sendable {
  var key: GroupKey
  var members: [SeriesReader]
  /// The least of its series' values of the plan's share tag.
  var share: String?

  mutating func add(_ reader: SeriesReader, share: String?) {
    members.append(reader)
    self.share = [self.share, share].compactMap { $0 }.min()
  }
}

/// Finds the groups of a plan: which series each has, in the order results are given in.
struct GroupListing {
  let plan: SelectPlan
  let context: QueryContext

  func groups() throws -> [Group] {
    var all: [GroupKey: Group] = [:]
    for source in plan.sources {
      var own: [GroupKey: Group] = [:]
      switch source {
      case .measurement(let measurement): add(measurement, to: &own)
      case .subquery(let inner): try add(inner, to: &own)
      }
      let kept = limited(Array(own.keys))
      for group in kept.compactMap({ own[$0] }) {
        for reader in group.members {
          all[group.key, default: Group(key: group.key, members: [])]
            .add(reader, share: group.share)
        }
      }
    }
    let sorted = all.values.sorted { $0.key < $1.key }
    return plan.descending ? sorted.reversed() : sorted
  }

  /// What SLIMIT and SOFFSET leave. They count in the order of InfluxDB's index, whose keys have the
  /// names of the tags that are there before their values.
  private func limited(_ keys: [GroupKey]) -> [GroupKey] {
    guard plan.seriesLimit != nil || plan.seriesOffset > 0 else { return keys }
    func indexKey(_ key: GroupKey) -> [UInt8] {
      let present = key.tags.filter { !$0.value.isEmpty }
      return Array((present.map(\.key) + present.map(\.value)).joined(separator: "\0").utf8)
    }
    let keys = keys.map { ($0, indexKey($0)) }.sorted { $0.1.lexicographicallyPrecedes($1.1) }
      .map(\.0)
    let rest = keys.dropFirst(max(plan.seriesOffset, 0))
    return Array(plan.seriesLimit.map { rest.prefix($0) } ?? rest)
  }

  private func add(_ measurement: PlannedMeasurement, to groups: inout [GroupKey: Group]) {
    let schema = measurement.schema
    let isField = plan.columns.map { column in
      !column.isTag && column.type != nil && schema.type(of: column.name) != nil
    }
    var fields: [String] = []
    var fieldIndex: [Int?] = []
    for (column, isField) in zip(plan.columns, isField) {
      guard isField else {
        fieldIndex.append(nil)
        continue
      }
      if let known = fields.firstIndex(of: column.name) {
        fieldIndex.append(known)
      } else {
        fields.append(column.name)
        fieldIndex.append(fields.count - 1)
      }
    }
    // In a condition a name that is no field is a tag, be there such a tag or not.
    func tagName(_ column: Int) -> String? {
      isField[column] || plan.columns[column].cast == .field ? nil : plan.columns[column].name
    }
    let predicate = plan.condition?.tagPredicate(tagName: tagName)
    for series in measurement.snapshot.series(of: measurement.name, matching: predicate) {
      let condition =
        plan.condition?.simplified { column in
          tagName(column).map { series.key.value(of: $0) ?? "" }
        } ?? .constant(true)
      if case .constant(false) = condition { continue }
      let bindings = plan.columns.indices.map { index -> SeriesReader.Binding in
        if let field = fieldIndex[index] { return .field(field) }
        guard plan.columns[index].isTag || plan.columns[index].type == .string else {
          return .constant(nil)
        }
        return .constant(series.key.value(of: plan.columns[index].name).map(FieldValue.string))
      }
      let key = GroupKey(
        name: measurement.name,
        tags: plan.dimensions.map { Tag(key: $0, value: series.key.value(of: $0) ?? "") })
      groups[key, default: Group(key: key, members: [])].add(
        SeriesReader(
          origin: .stored(series.id, measurement), fields: fields, bindings: bindings,
          columns: plan.columns, condition: condition, context: context),
        share: plan.shareTag.flatMap { series.key.value(of: $0) })
    }
  }

  private func add(_ inner: SelectPlan, to groups: inout [GroupKey: Group]) throws {
    var tables: [(key: GroupKey, rows: RowBatch)] = []
    try SelectRunner(plan: inner, context: context).run { key, rows in
      try context.charge(rows.byteCount)
      if tables.last?.key == key {
        tables[tables.count - 1].rows.append(rows)
      } else {
        tables.append((key, rows))
      }
    }
    // Members are in the order of their keys and ascending in time, whatever the query's direction.
    if inner.descending {
      tables.reverse()
      for index in tables.indices {
        tables[index].rows = tables[index].rows.reversed().sortedByTime(descending: false)
      }
    }
    for table in tables {
      let tags = Dictionary(table.key.tags.map { ($0.key, $0.value) }) { $1 }
      func outputIndex(_ column: PlanColumn) -> Int? {
        column.cast == .tag && tags[column.name] != nil
          ? nil : inner.outputs.firstIndex { $0.name == column.name }
      }
      let condition =
        plan.condition?.simplified { index in
          let column = plan.columns[index]
          return outputIndex(column) == nil ? tags[column.name] : nil
        } ?? .constant(true)
      if case .constant(false) = condition { continue }
      let bindings = plan.columns.map { column -> SeriesReader.Binding in
        if let output = outputIndex(column) { return .field(output) }
        let value = tags[column.name] ?? ""
        return .constant(value.isEmpty ? nil : .string(value))
      }
      let key = GroupKey(
        name: table.key.name,
        tags: plan.dimensions.map { Tag(key: $0, value: tags[$0] ?? "") })
      groups[key, default: Group(key: key, members: [])].add(
        SeriesReader(
          origin: .rows(table.rows), fields: [], bindings: bindings, columns: plan.columns,
          condition: condition, context: context),
        share: nil)
    }
  }
}
