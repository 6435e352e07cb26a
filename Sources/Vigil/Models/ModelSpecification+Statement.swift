import Detection
import Query
import TimeSeries

/// What a CREATE MODEL statement asks of the detector.
extension ModelSpecification {
  /// Checks what the statement says by itself, whatever its database holds.
  ///
  /// - Throws: ``QueryError``, for an option ``DetectionError``.
  init(_ statement: CreateModelStatement, in database: String) throws {
    guard statement.architecture == "lstm_autoencoder" else {
      throw QueryError.invalid(
        "unknown model architecture \(statement.architecture); there is lstm_autoencoder")
    }
    guard statement.measurement != nil else {
      throw QueryError.invalid("FROM of a model needs the name of a measurement")
    }
    if let schedule = statement.schedule,
      min(schedule.every, schedule.over) < statement.interval.every
    {
      throw QueryError.invalid("EVERY and OVER of a model must be >= GROUP BY time duration")
    }
    guard statement.source.database.map({ $0 == database }) ?? true else {
      throw QueryError.invalid("a model reads measurements of its own database")
    }
    _ = try ModelOptions(statement)
    _ = try EventMask(statement)
    var options = DetectorOptions()
    try options.set(by: statement)
    let tags = try Set(
      statement.dimensions.map { dimension in
        guard case .tag(let name) = dimension else {
          throw QueryError.invalid("GROUP BY of a model needs the names of tags")
        }
        return name
      })
    if let share = statement.share, tags == [share] {
      throw QueryError.invalid("SHARE BY \(share): each group has a value of its own to share by")
    }
    self.init(
      name: statement.name, fields: statement.fields, interval: statement.interval.every,
      groupTags: tags.sorted(), shareTag: statement.share, options: options)
    try validate()
  }

  /// Refuses what the measurement has as something else: fields that are no numbers or tags, tags
  /// that are fields.
  ///
  /// - Parameter isComplete: whether the measurement is to have all fields and tags already.
  /// - Throws: ``QueryError``.
  func check(against schema: MeasurementSchema, isComplete: Bool) throws {
    for field in fields {
      switch schema.type(of: field) {
      case nil where isComplete || schema.tagKeys.contains(field):
        throw QueryError.invalid("field not found in \(schema.name): \(field)")
      case .string, .boolean:
        throw QueryError.invalid("field \(field) is no number, so no model can be trained on it")
      default: break
      }
    }
    for tag in groupTags + (shareTag.map { [$0] } ?? [])
    where !schema.tagKeys.contains(tag) && (isComplete || schema.type(of: tag) != nil) {
      throw QueryError.invalid("tag not found in \(schema.name): \(tag)")
    }
  }

  /// `pod=a,node=b`.
  func groupName(_ key: [String]) -> String {
    zip(groupTags, key).map { "\($0)=\($1)" }.joined(separator: ",")
  }
}

extension CreateModelStatement {
  /// What the model reads; nil where FROM names no single measurement.
  var measurement: String? {
    if case .literal(let name) = source.name { name } else { nil }
  }
}

extension DetectorOptions {
  /// Sets the options of the networks that a statement gives; others stay.
  mutating func set(by statement: CreateModelStatement) throws {
    for option in statement.options
    where !ModelOptions.isKnown(option.name) && !EventMask.optionNames.contains(option.name) {
      try set(option.name, to: Self.text(of: option))
    }
  }

  private static func text(of option: CreateModelStatement.Option) throws -> String {
    switch option.value {
    case .integer(let value): "\(value)"
    case .unsigned(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): value
    case .boolean(let value): "\(value)"
    case .reference(let name, nil): name
    default:
      throw DetectionError.invalidOption(
        name: option.name, reason: "'\(option.value)' is no literal")
    }
  }
}
