import Detection
import Query
import Synchronization
import TimeSeries

/// A version of a model, ready to score: the file's content and the statement that made it.
final class TrainedModel: ScoringModel {
  private enum Annotation {
    static let statement = "statement"
    static let version = "version"
    static let trained = "trained"
    static let imported = "imported"
    static let inForce = "in_force"
    static let older = "older"
  }

  /// What the file keeps beside the networks, for ``init(_:)`` to read.
  static func annotations(
    _ statement: CreateModelStatement, version: Int, trained: Timestamp, imported: Timestamp?,
    inForce: Timestamp?, older: [ModelVersion]
  ) -> [String: String] {
    var annotations = [
      Annotation.statement: Statement.createModel(statement).description,
      Annotation.version: "\(version)", Annotation.trained: "\(trained)",
    ]
    annotations[Annotation.imported] = imported.map { "\($0)" }
    annotations[Annotation.inForce] = inForce.map { "\($0)" }
    if !older.isEmpty { annotations[Annotation.older] = older.text }
    return annotations
  }

  let model: DetectionModel
  /// The statement that trains it again.
  let statement: CreateModelStatement
  /// 1 when made, one more each time it is trained again.
  let version: Int
  /// When its training ended.
  let trained: Timestamp
  /// When it, or a version before it, last came from a file.
  let imported: Timestamp?
  /// When it came into force; nil is all of time.
  let inForce: Timestamp?
  /// The older versions that are kept beside it, ascending.
  let older: [ModelVersion]
  let eventMask: EventMask?
  /// By network and not by group, of which a shared network has many.
  private let networks = Mutex<[Network: NetworkState]>([:])

  private struct NetworkState {
    /// At rest: each keeps packed weights and working memory, so they are lent to one thread at a
    /// time.
    var scorers: [Lent] = []
    var drift = Drift()
  }

  /// A network of the model, by its key.
  private enum Network: Hashable {
    case own([String])
    case shared(String)

    /// Of the rows that it scores.
    var state: ScoreState {
      switch self {
      case .own: .scored
      case .shared: .shared
      }
    }
  }

  /// A scorer that is on one side of the mutex at a time.
  private struct Lent: @unchecked Sendable {
    let scorer: GroupScorer
  }

  init(_ model: DetectionModel) throws {
    self.model = model
    let annotations = model.specification.annotations
    let statements = try? Parser.parse(annotations[Annotation.statement] ?? "")
    guard let statements, statements.count == 1, case .createModel(let create) = statements[0]
    else {
      throw DetectionError.corruptModel(
        offset: 0, reason: "its statement is not one CREATE MODEL")
    }
    statement = create
    eventMask = try EventMask(create)
    version = annotations[Annotation.version].flatMap { Int($0) } ?? 1
    trained = annotations[Annotation.trained].flatMap { Timestamp($0) } ?? 0
    imported = annotations[Annotation.imported].flatMap { Timestamp($0) }
    inForce = annotations[Annotation.inForce].flatMap { Timestamp($0) }
    guard let older = [ModelVersion](text: annotations[Annotation.older] ?? ""),
      inForce != nil || annotations[Annotation.inForce] == nil
    else {
      throw DetectionError.corruptModel(offset: 0, reason: "its versions are not readable")
    }
    self.older = older
    guard older.last?.precedes(record) ?? true else {
      throw DetectionError.corruptModel(offset: 0, reason: "its versions do not ascend")
    }
  }

  /// The same version with other networks, of which those that stay keep their drift.
  convenience init(_ model: DetectionModel, inPlaceOf other: TrainedModel) throws {
    try self.init(model)
    let drifts = other.networks.withLock { $0.mapValues(\.drift) }
    networks.withLock { networks in
      for (network, drift) in drifts where has(network) {
        networks[network] = NetworkState(drift: drift)
      }
    }
  }

  /// What the next version says of this one.
  var record: ModelVersion { ModelVersion(number: version, inForce: inForce, reach: window) }

  var measurement: String { statement.measurement ?? "" }
  var retentionPolicy: String? { statement.source.retentionPolicy }
  var fields: [String] { model.specification.fields }
  var interval: SelectStatement.Interval { statement.interval }
  var groupTags: [String] { model.specification.groupTags }
  var window: Int { model.specification.options.reach }

  var shareTag: String? { model.specification.shareTag }

  func score(_ rows: FeatureRows) throws -> ModelScores {
    let count = rows.timestamps.count
    let version = Array(repeating: Int64(version), count: count)
    guard let (network, known) = network(for: rows) else {
      let none = Array(repeating: Double.nan, count: count)
      return ModelScores(
        loss: none, threshold: none, featureLoss: fields.map { _ in none }, version: version,
        state: Array(repeating: .untrained, count: count))
    }
    let lent =
      networks.withLock { $0[network]?.scorers.popLast() }
      ?? Lent(scorer: model.scorer(for: known))
    var drift = Drift()
    defer {
      networks.withLock { [drift] in
        $0[network, default: NetworkState()].scorers.append(lent)
        $0[network]?.drift.add(drift, interval: interval.every)
      }
    }
    let scores = try lent.scorer.score(
      GroupData(timestamps: rows.timestamps, features: rows.features))
    drift = Drift(
      scores.loss, at: rows.timestamps, validationLoss: known.info.validationLoss)
    return ModelScores(
      loss: scores.loss, threshold: scores.loss.map { $0.isNaN ? .nan : scores.threshold },
      featureLoss: scores.featureLoss, version: version,
      state: scores.loss.map { $0.isNaN ? .warmUp : network.state })
  }

  /// The median of the networks' drifts; nil where none has scored a row.
  var drift: Double? {
    let ratios = networks.withLock { $0.values.compactMap(\.drift.ratio) }.sorted()
    guard !ratios.isEmpty else { return nil }
    return (ratios[(ratios.count - 1) / 2] + ratios[ratios.count / 2]) / 2
  }

  private func has(_ network: Network) -> Bool {
    switch network {
    case .own(let key): model.group(key) != nil
    case .shared(let value): model.shared(value) != nil
    }
  }

  /// The group's own network, or else the one it shares; nil where there is neither.
  private func network(for rows: FeatureRows) -> (Network, GroupModel)? {
    if let own = model.group(rows.group) { return (.own(rows.group), own) }
    guard let value = rows.share, let shared = model.shared(value) else { return nil }
    return (.shared(value), shared)
  }
}
