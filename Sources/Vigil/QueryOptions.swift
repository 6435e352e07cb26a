import Query

/// How a query is to be run.
public struct QueryOptions: Sendable {
  /// The retention policy of sources that name none; nil is each database's default.
  public var retentionPolicy: String?
  /// Values for `$name` in the text.
  public var parameters: [String: QueryParameter] = [:]
  /// Rows a result holds at most before it is handed out as a partial one; nil: a statement gives
  /// one result.
  public var chunkSize: Int?
  /// Only SELECT (without INTO), SHOW and EXPLAIN are run.
  public var readOnly = false
  /// Whether a statement fails that would have to leave out what is damaged; nil is what the
  /// database is configured to do.
  public var failsOnDamage: Bool?
  /// Told of the progress of CREATE MODEL and RETRAIN MODEL, on the training threads.
  public var progress: (@Sendable (TrainingProgress) -> Void)?

  public init() {}
}

/// The value of a bind parameter.
public enum QueryParameter: Sendable, Hashable {
  case string(String)
  case number(Double)
  case integer(Int64)
  case boolean(Bool)
  case duration(nanoseconds: Int64)
  case regex(String)
  /// The name of a measurement, field or tag.
  case identifier(String)

  /// The literal or name it stands for.
  var expression: Expression {
    switch self {
    case .string(let value): .string(value)
    case .number(let value): .number(value)
    case .integer(let value): .integer(value)
    case .boolean(let value): .boolean(value)
    case .duration(let nanoseconds): .duration(nanoseconds)
    case .regex(let source): .regex(source)
    case .identifier(let name): .reference(name, cast: nil)
    }
  }
}

/// How far the training of a model is.
public struct TrainingProgress: Sendable, Hashable {
  public var model: String
  /// 0...1 over all groups and epochs.
  public var fraction: Double
  public var groupsDone: Int
  public var groupCount: Int
  /// The group that reported last, as `pod=cart-0`.
  public var group: String
  public var epoch: Int
  public var epochCount: Int
  public var trainingLoss: Double
  public var validationLoss: Double

  public init(
    model: String, fraction: Double = 0, groupsDone: Int = 0, groupCount: Int = 0,
    group: String = "", epoch: Int = 0, epochCount: Int = 0, trainingLoss: Double = .nan,
    validationLoss: Double = .nan
  ) {
    self.model = model
    self.fraction = fraction
    self.groupsDone = groupsDone
    self.groupCount = groupCount
    self.group = group
    self.epoch = epoch
    self.epochCount = epochCount
    self.trainingLoss = trainingLoss
    self.validationLoss = validationLoss
  }
}
