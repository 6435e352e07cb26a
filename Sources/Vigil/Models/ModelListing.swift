import Detection
import Query
import TimeSeries

extension ModelRegistry {
  /// SHOW MODELS of a database: those trained and those being trained. Nil where there are none.
  func listing(of database: String) throws -> ResultSeries? {
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
        rows.append(Row(name: name, state: "damaged: \(error)"))
      }
    }
    func column(_ values: [Double?]) -> Column {
      var validity = Validity(repeating: true, count: values.count)
      for (row, value) in values.enumerated() where value?.isFinite != true {
        validity[row] = false
      }
      return Column(.float(values.map { $0 ?? 0 }), validity: validity)
    }
    return ResultSeries(
      name: database,
      columnNames: [
        "name", "measurement", "fields", "interval", "tags", "window", "hidden", "latent",
        "version", "state", "progress", "groups", "groups_done", "shared", "group", "epoch",
        "epochs", "loss", "validation_loss", "trained", "drift",
      ],
      columns: [
        Column(.string(rows.map(\.name))), Column(.string(rows.map(\.measurement))),
        Column(.string(rows.map(\.fields))), Column(.string(rows.map(\.interval))),
        Column(.string(rows.map(\.tags))), Column(optional: rows.map(\.window)),
        Column(optional: rows.map(\.hidden)), Column(optional: rows.map(\.latent)),
        Column(.integer(rows.map { Int64($0.version) })), Column(.string(rows.map(\.state))),
        column(rows.map(\.progress)), Column(.integer(rows.map { Int64($0.groups) })),
        Column(.integer(rows.map { Int64($0.groupsDone) })),
        Column(.integer(rows.map { Int64($0.shared) })), Column(.string(rows.map(\.group))),
        Column(.integer(rows.map { Int64($0.epoch) })),
        Column(.integer(rows.map { Int64($0.epochs) })), column(rows.map(\.loss)),
        column(rows.map(\.validationLoss)),
        Column(optional: rows.map { $0.trained.map(TimestampText.rfc3339) }),
        column(rows.map(\.drift)),
      ], hasTime: false)
  }

  /// A line of SHOW MODELS.
  private struct Row {
    var name: String
    var measurement = ""
    var fields = ""
    var interval = ""
    var tags = ""
    var window: String?
    var hidden: String?
    var latent: String?
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

    init(name: String, state: String) {
      self.name = name
      self.state = state
    }

    private init(_ statement: CreateModelStatement, state: String) {
      self.init(name: statement.name, state: state)
      if case .literal(let name) = statement.source.name { measurement = name }
      fields = statement.fields.joined(separator: ", ")
      interval = Expression.duration(statement.interval.every).description
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

    /// Losses are means over the groups.
    init(_ model: TrainedModel) {
      self.init(model.statement, state: "ready")
      let options = model.model.specification.options
      let infos = model.model.groups.map(\.info)
      let count = Double(max(1, infos.count))
      window = "\(options.window)"
      hidden = "\(options.hidden)"
      latent = "\(options.latent)"
      version = model.version
      progress = 100
      groups = infos.count
      groupsDone = infos.count
      shared = model.model.shared.count
      epochs = options.epochs
      epoch = infos.map(\.epochs).max() ?? 0
      loss = infos.reduce(0) { $0 + $1.trainingLoss } / count
      validationLoss = infos.reduce(0) { $0 + $1.validationLoss } / count
      trained = model.trained
      drift = model.drift
    }
  }
}
