import Detection
import Query
import TimeSeries

extension ModelRegistry {
  /// SHOW MODELS of a database: those trained and those being trained. Nil where there are none.
  func listing(of database: String, at now: Timestamp) throws -> ResultSeries? {
    let trainings = trainings(in: database)
    let names = try Set(names(in: database)).union(trainings.keys).sorted()
    if names.isEmpty { return nil }
    var rows: [Row] = []
    for name in names {
      if let training = trainings[name] {
        rows.append(Row(training))
        continue
      }
      do {
        if let model = try model(named: name, in: database) { rows.append(Row(model)) }
      } catch {
        rows.append(Row(name: name, state: engine.clientText("damaged: \(error)")))
      }
    }
    for row in rows.indices {
      rows[row].lastError = failure(of: rows[row].name, in: database)
        .map { engine.clientText($0.reason) }
    }
    func column(_ values: [Double?]) -> Column {
      var validity = Validity(repeating: true, count: values.count)
      for (row, value) in values.enumerated() where value?.isFinite != true {
        validity[row] = false
      }
      return Column(.float(values.map { $0 ?? 0 }), validity: validity)
    }
    func integers(_ values: [Int?]) -> Column {
      var validity = Validity(repeating: true, count: values.count)
      for (row, value) in values.enumerated() where value == nil { validity[row] = false }
      return Column(.integer(values.map { Int64($0 ?? 0) }), validity: validity)
    }
    func times(_ values: [Timestamp?]) -> Column {
      Column(optional: values.map { $0.map(TimestampText.rfc3339) })
    }
    return ResultSeries(
      name: database,
      columnNames: [
        "name", "measurement", "fields", "interval", "tags", "window", "hidden", "latent",
        "version", "state", "progress", "groups", "groups_done", "shared", "group", "epoch",
        "epochs", "loss", "validation_loss", "trained", "sustain", "threshold", "in_force",
        "versions", "retrain_every", "retrain_over", "trained_from", "trained_to", "age", "drift",
        "last_error", "share_by", "events", "mask",
      ],
      columns: [
        Column(.string(rows.map(\.name))), Column(.string(rows.map(\.measurement))),
        Column(.string(rows.map(\.fields))), Column(.string(rows.map(\.interval))),
        Column(.string(rows.map(\.tags))), integers(rows.map(\.window)),
        integers(rows.map(\.hidden)), integers(rows.map(\.latent)),
        Column(.integer(rows.map { Int64($0.version) })), Column(.string(rows.map(\.state))),
        column(rows.map(\.progress)), Column(.integer(rows.map { Int64($0.groups) })),
        Column(.integer(rows.map { Int64($0.groupsDone) })),
        Column(.integer(rows.map { Int64($0.shared) })), Column(.string(rows.map(\.group))),
        Column(.integer(rows.map { Int64($0.epoch) })),
        Column(.integer(rows.map { Int64($0.epochs) })), column(rows.map(\.loss)),
        column(rows.map(\.validationLoss)),
        times(rows.map(\.trained)), integers(rows.map(\.sustain)), column(rows.map(\.threshold)),
        times(rows.map(\.inForce)), integers(rows.map(\.versions)),
        Column(optional: rows.map(\.retrainEvery)), Column(optional: rows.map(\.retrainOver)),
        times(rows.map(\.trainedFrom)), times(rows.map(\.trainedTo)),
        integers(rows.map { $0.trained.map { Self.age(of: $0, at: now) } }),
        column(rows.map(\.drift)), Column(optional: rows.map(\.lastError)),
        Column(optional: rows.map(\.shareBy)), Column(optional: rows.map(\.events)),
        Column(optional: rows.map(\.mask)),
      ], hasTime: false)
  }

  /// Seconds since a training ended; 0 where the clock was put back since.
  private static func age(of trained: Timestamp, at now: Timestamp) -> Int {
    let (age, overflow) = now.subtractingReportingOverflow(trained)
    return Int(overflow ? 0 : max(0, age) / 1_000_000_000)
  }

  /// A line of SHOW MODELS.
  private struct Row {
    var name: String
    var measurement = ""
    var fields = ""
    var interval = ""
    var tags = ""
    var window: Int?
    var hidden: Int?
    var latent: Int?
    var sustain: Int?
    var version = 0
    var state: String
    var progress: Double?
    var groups = 0
    var groupsDone = 0
    var shared = 0
    var group = ""
    var epoch = 0
    var epochs = 0
    var loss: Double?
    var validationLoss: Double?
    var trained: Timestamp?
    var drift: Double?
    var threshold: Double?
    var inForce: Timestamp?
    var versions: Int?
    var retrainEvery: String?
    var retrainOver: String?
    var trainedFrom: Timestamp?
    var trainedTo: Timestamp?
    var lastError: String?
    var shareBy: String?
    var events: String?
    var mask: String?

    init(name: String, state: String) {
      self.name = name
      self.state = state
    }

    private init(_ statement: CreateModelStatement, state: String) {
      self.init(name: statement.name, state: state)
      measurement = statement.measurement ?? ""
      fields = statement.fields.joined(separator: ", ")
      interval = Expression.duration(statement.interval.every).description
      retrainEvery = statement.schedule.map { Expression.duration($0.every).description }
      retrainOver = statement.schedule.map { Expression.duration($0.over).description }
      shareBy = statement.share
      let eventMask = try? EventMask(statement)
      events = eventMask?.measurement
      mask = eventMask.map { Expression.duration($0.duration).description }
      tags = statement.dimensions.compactMap { if case .tag(let name) = $0 { name } else { nil } }
        .joined(separator: ", ")
    }

    init(_ training: ModelTrainingStatus) {
      self.init(training.statement, state: "training")
      let status = training.progress
      progress = status.fraction * 100
      groups = status.groupCount
      groupsDone = status.groupsDone
      group = status.group
      epoch = status.epoch
      epochs = status.epochCount
      loss = status.trainingLoss
      validationLoss = status.validationLoss
    }

    /// Losses and threshold are means over the groups, of a model that has none over the shared
    /// networks.
    init(_ model: VersionedModel) {
      self.init(model.statement, state: "ready")
      let options = model.newest.model.specification.options
      let groups = model.newest.model.groups
      let shared = model.newest.model.shared
      let networks = groups.isEmpty ? shared : groups
      let infos = networks.map(\.info)
      func mean(_ values: [Double]) -> Double? {
        values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
      }
      window = options.window
      hidden = options.hidden
      latent = options.latent
      sustain = options.sustain
      version = model.version
      progress = 100
      self.groups = groups.count
      groupsDone = groups.count
      self.shared = shared.count
      epochs = options.epochs
      epoch = infos.map(\.epochs).max() ?? 0
      loss = mean(infos.map(\.trainingLoss))
      validationLoss = mean(infos.map(\.validationLoss))
      threshold = mean(networks.map(\.threshold))
      trained = model.newest.trained
      inForce = model.newest.inForce
      versions = model.versions.count
      trainedFrom = infos.map(\.firstTimestamp).min()
      trainedTo = infos.map(\.lastTimestamp).max()
      drift = model.newest.drift
    }
  }
}
