/// How far the training of a model is. Only what a server does not tell is nil.
struct ModelProgress: Sendable, Hashable {
  var model: String
  /// 0...1 over all groups and epochs.
  var fraction: Double
  var groupsDone: Int?
  var groupCount: Int?
  /// The group that reported last.
  var group: String?
  var epoch: Int?
  var epochCount: Int?
  var trainingLoss: Double?
  var validationLoss: Double?
}
