/// A statement of the query language: InfluxQL as InfluxDB 1.x speaks it, plus models.
public enum Statement: Sendable, Hashable {
  case select(SelectStatement)
  /// `EXPLAIN SELECT …`; with `ANALYZE` the statement is run and timed.
  case explain(SelectStatement, analyze: Bool)

  case showDatabases
  case showRetentionPolicies(database: String?)
  case showMeasurements(ShowStatement)
  case showTagKeys(ShowStatement)
  case showTagValues(ShowStatement, keys: TagKeySelection)
  case showFieldKeys(ShowStatement)
  case showSeries(ShowStatement)
  case showSuspects(ShowSuspectsStatement)

  case createDatabase(name: String, policy: RetentionPolicyOptions?)
  case dropDatabase(name: String)
  case createRetentionPolicy(database: String, RetentionPolicyOptions, isDefault: Bool)
  /// The options that are given; at least one of them, or `isDefault`.
  case alterRetentionPolicy(database: String, RetentionPolicyOptions, isDefault: Bool)
  case dropRetentionPolicy(name: String, database: String)
  case dropMeasurement(name: String)
  /// `DROP SERIES [FROM …] [WHERE …]`, tags only.
  case dropSeries(sources: [Source], condition: Expression?)
  /// `DELETE [FROM …] [WHERE …]`, tags and time.
  case delete(sources: [Source], condition: Expression?)

  case createModel(CreateModelStatement)
  case showModels(database: String?)
  case dropModel(name: String, database: String?)
  /// `RETRAIN MODEL name [ON db] [SINCE time]`; the time is what a condition compares `time` with.
  case retrainModel(name: String, database: String?, since: Expression?)

  case createContinuousQuery(CreateContinuousQueryStatement)
  case showContinuousQueries
  case dropContinuousQuery(name: String, database: String)

  case showQueries
  case killQuery(id: UInt64)

  /// Whether it changes nothing: SELECT and EXPLAIN without INTO, and SHOW.
  public var isReadOnly: Bool {
    switch self {
    case .select(let select), .explain(let select, analyze: _): select.into == nil
    case .showDatabases, .showRetentionPolicies, .showMeasurements, .showTagKeys, .showTagValues,
      .showFieldKeys, .showSeries, .showSuspects, .showModels, .showContinuousQueries,
      .showQueries:
      true
    case .createDatabase, .dropDatabase, .createRetentionPolicy, .alterRetentionPolicy,
      .dropRetentionPolicy, .dropMeasurement, .dropSeries, .delete, .createModel, .dropModel,
      .retrainModel,
      .createContinuousQuery, .dropContinuousQuery, .killQuery:
      false
    }
  }
}

extension Statement {
  /// Whether it is about the server, needs next to nothing, and is what somebody asks who looks into
  /// a server that is busy.
  public var isAdministrative: Bool {
    switch self {
    case .showQueries, .killQuery, .showDatabases, .showRetentionPolicies, .showContinuousQueries:
      true
    default: false
    }
  }
}

/// `[[database.]policy.]measurement`; the name can be a regex in FROM.
public struct MeasurementName: Sendable, Hashable {
  public enum Name: Sendable, Hashable {
    case literal(String)
    case regex(String)
    /// `:MEASUREMENT`, in INTO: each series keeps the name of its source.
    case backReference
  }

  public var database: String?
  public var retentionPolicy: String?
  public var name: Name

  public init(database: String? = nil, retentionPolicy: String? = nil, name: Name) {
    self.database = database
    self.retentionPolicy = retentionPolicy
    self.name = name
  }
}

public indirect enum Source: Sendable, Hashable {
  case measurement(MeasurementName)
  case subquery(SelectStatement)
}

public struct SelectStatement: Sendable, Hashable {
  public struct Field: Sendable, Hashable {
    public var expression: Expression
    public var alias: String?

    public init(_ expression: Expression, alias: String? = nil) {
      self.expression = expression
      self.alias = alias
    }
  }

  public enum Dimension: Sendable, Hashable {
    case tag(String)
    case regex(String)
    case all
  }

  /// `time(every[, offset])`, nanoseconds.
  public struct Interval: Sendable, Hashable {
    public var every: Int64
    public var offset: Int64

    public init(every: Int64, offset: Int64 = 0) {
      self.every = every
      self.offset = offset
    }
  }

  public enum Fill: Sendable, Hashable {
    case null, none, previous, linear
    case value(Expression)
  }

  public var fields: [Field]
  public var into: MeasurementName?
  public var sources: [Source]
  public var condition: Expression?
  public var interval: Interval?
  public var dimensions: [Dimension] = []
  public var fill: Fill = .null
  public var descending = false
  public var limit: Int?
  public var offset: Int?
  public var seriesLimit: Int?
  public var seriesOffset: Int?
  /// `tz('Europe/Berlin')`.
  public var timeZone: String?

  public init(fields: [Field], sources: [Source]) {
    self.fields = fields
    self.sources = sources
  }

  /// The names by which top() and bottom() tell rows apart. Of those that are tags INTO makes tags.
  public var rankingKeys: Set<String> {
    var keys: Set<String> = []
    for case .call(let function, let arguments) in fields.map(\.expression)
    where function == "top" || function == "bottom" {
      for case .reference(let name, _) in arguments.dropFirst().dropLast() { keys.insert(name) }
    }
    return keys
  }
}

/// What the SHOW statements have in common.
public struct ShowStatement: Sendable, Hashable {
  public var database: String?
  /// `FROM`, or for SHOW MEASUREMENTS `WITH MEASUREMENT`.
  public var sources: [MeasurementName] = []
  public var condition: Expression?
  public var limit: Int?
  public var offset: Int?
  /// Tables, of statements that give one for each measurement.
  public var seriesLimit: Int?
  public var seriesOffset: Int?
  /// `SHOW … CARDINALITY`: the count alone.
  public var cardinality: Cardinality?
  /// Of CARDINALITY: a count for each group.
  public var dimensions: [SelectStatement.Dimension] = []

  public enum Cardinality: Sendable, Hashable {
    case estimated, exact
  }

  public init() {}
}

/// `SHOW SUSPECTS [ON db] FROM health [GRAPH calls] [WHERE …] [LIMIT n]`.
public struct ShowSuspectsStatement: Sendable, Hashable {
  public var database: String?
  /// A health measurement, no pattern.
  public var source: MeasurementName
  /// A measurement whose series are tagged `source` and `target`, no pattern.
  public var graph: MeasurementName?
  public var condition: Expression?
  public var limit: Int?

  public init(source: MeasurementName) { self.source = source }
}

/// `WITH KEY = k`, `IN (k, …)`, `=~ /…/` and their negations.
public enum TagKeySelection: Sendable, Hashable {
  case oneOf([String])
  case noneOf([String])
  case matching(String)
  case notMatching(String)
}

public struct RetentionPolicyOptions: Sendable, Hashable {
  public var name: String?
  /// Nanoseconds; 0 is INF.
  public var duration: Int64?
  public var replication: Int?
  public var shardDuration: Int64?

  public init() {}
}

/// See docs/architecture.md for the grammar and an example.
public struct CreateModelStatement: Sendable, Hashable {
  public var name: String
  public var database: String?
  public var source: MeasurementName
  /// The features, in order.
  public var fields: [String]
  public var condition: Expression?
  public var interval: SelectStatement.Interval
  public var dimensions: [SelectStatement.Dimension]
  /// The tag of SHARE BY: groups that agree in it share a network as long as they have none.
  public var share: String?
  /// The architecture named by USING, `lstm_autoencoder`.
  public var architecture: String
  /// `WITH (name = literal, …)`, in order; names are lower-cased.
  public var options: [Option]
  /// `RETRAIN EVERY d OVER d`; nil for a model that is trained again on demand alone.
  public var schedule: Schedule?

  public struct Option: Sendable, Hashable {
    public var name: String
    public var value: Expression

    public init(name: String, value: Expression) {
      self.name = name
      self.value = value
    }
  }

  /// Nanoseconds from one training to the next, and of data, up to the training, that it is on.
  public struct Schedule: Sendable, Hashable {
    public var every: Int64
    public var over: Int64

    public init(every: Int64, over: Int64) {
      self.every = every
      self.over = over
    }
  }

  public init(
    name: String, database: String?, source: MeasurementName, fields: [String],
    condition: Expression?, interval: SelectStatement.Interval,
    dimensions: [SelectStatement.Dimension], share: String? = nil, architecture: String,
    options: [Option], schedule: Schedule? = nil
  ) {
    self.name = name
    self.database = database
    self.source = source
    self.fields = fields
    self.condition = condition
    self.interval = interval
    self.dimensions = dimensions
    self.share = share
    self.architecture = architecture
    self.options = options
    self.schedule = schedule
  }
}

/// `CREATE CONTINUOUS QUERY name ON db [RESAMPLE [EVERY d] [FOR d]] BEGIN select END`.
public struct CreateContinuousQueryStatement: Sendable, Hashable {
  public var name: String
  public var database: String
  public var resampleEvery: Int64?
  public var resampleFor: Int64?
  public var select: SelectStatement

  public init(
    name: String, database: String, resampleEvery: Int64?, resampleFor: Int64?,
    select: SelectStatement
  ) {
    self.name = name
    self.database = database
    self.resampleEvery = resampleEvery
    self.resampleFor = resampleFor
    self.select = select
  }
}
