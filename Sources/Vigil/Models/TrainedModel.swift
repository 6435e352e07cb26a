import Detection
import Query
import Synchronization
import TimeSeries

/// A model of a database, ready to score: the file's content and the statement that made it.
final class TrainedModel: ScoringModel {
  /// What the model file keeps beside the networks.
  enum Annotation {
    static let statement = "statement"
    static let version = "version"
    static let trained = "trained"
  }

  let model: DetectionModel
  /// The statement that trains it again.
  let statement: CreateModelStatement
  /// 1 when made, one more each time it is trained again.
  let version: Int
  /// When its training ended.
  let trained: Timestamp
  let eventMask: EventMask?
  /// Scorers at rest: each keeps working memory, so they are lent to one thread at a time.
  private let scorers = Mutex<[[String]: [Lent]]>([:])

  /// A scorer that is on one side of the mutex at a time.
  private struct Lent: @unchecked Sendable {
    let scorer: GroupScorer
  }

  init(_ model: DetectionModel) throws {
    self.model = model
    let annotations = model.specification.annotations
    let statements = try Parser.parse(annotations[Annotation.statement] ?? "")
    guard statements.count == 1, case .createModel(let create) = statements[0] else {
      throw DetectionError.corruptModel(
        offset: 0, reason: "its statement is not one CREATE MODEL")
    }
    statement = create
    eventMask = try EventMask(create)
    version = annotations[Annotation.version].flatMap { Int($0) } ?? 1
    trained = annotations[Annotation.trained].flatMap { Timestamp($0) } ?? 0
  }

  var measurement: String {
    if case .literal(let name) = statement.source.name { name } else { "" }
  }
  var retentionPolicy: String? { statement.source.retentionPolicy }
  var fields: [String] { model.specification.fields }
  var interval: SelectStatement.Interval { statement.interval }
  var groupTags: [String] { model.specification.groupTags }
  var window: Int { model.specification.options.reach }

  var shareTag: String? { nil }

  func score(_ rows: FeatureRows) throws -> ModelScores {
    let count = rows.timestamps.count
    let version = Array(repeating: Int64(version), count: count)
    let rested = scorers.withLock { $0[rows.group]?.popLast() }
    guard let scorer = rested?.scorer ?? model.scorer(for: rows.group) else {
      let none = Array(repeating: Double.nan, count: count)
      return ModelScores(
        loss: none, threshold: none, featureLoss: fields.map { _ in none }, version: version,
        state: Array(repeating: .untrained, count: count))
    }
    let lent = Lent(scorer: scorer)
    defer { scorers.withLock { $0[rows.group, default: []].append(lent) } }
    let scores = try scorer.score(
      GroupData(timestamps: rows.timestamps, features: rows.features))
    return ModelScores(
      loss: scores.loss, threshold: scores.loss.map { $0.isNaN ? .nan : scores.threshold },
      featureLoss: scores.featureLoss, version: version,
      state: scores.loss.map { $0.isNaN ? .warmUp : .scored })
  }
}
