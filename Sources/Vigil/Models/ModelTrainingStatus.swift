import Query
import Synchronization

/// A training under way, as SHOW MODELS sees it.
final class ModelTrainingStatus: Sendable {
  let statement: CreateModelStatement
  /// Cancelling it ends the training.
  let context: QueryContext
  private let state: Mutex<State>
  private let report: (@Sendable (TrainingProgress) -> Void)?

  private struct State {
    var progress: TrainingProgress
    /// How much of each group is done, 0...1.
    var fractions: [Double] = []
  }

  init(
    _ statement: CreateModelStatement, context: QueryContext,
    report: (@Sendable (TrainingProgress) -> Void)?
  ) {
    self.statement = statement
    self.context = context
    self.report = report
    state = Mutex(State(progress: TrainingProgress(model: statement.name)))
  }

  var progress: TrainingProgress { state.withLock { $0.progress } }

  func begin(groups: Int) {
    change {
      $0.fractions = Array(repeating: 0, count: groups)
      $0.progress.groupCount = groups
    }
  }

  /// A group has finished an epoch.
  func advance(
    group index: Int, named group: String, epoch: Int, epochCount: Int, trainingLoss: Double,
    validationLoss: Double
  ) {
    change {
      $0.fractions[index] = Double(epoch) / Double(epochCount)
      $0.progress.group = group
      $0.progress.epoch = epoch
      $0.progress.epochCount = epochCount
      $0.progress.trainingLoss = trainingLoss
      $0.progress.validationLoss = validationLoss
    }
  }

  /// A group is done, trained or not.
  func finish(group index: Int) {
    change {
      $0.fractions[index] = 1
      $0.progress.groupsDone += 1
    }
  }

  private func change(_ body: (inout State) -> Void) {
    let progress = state.withLock { state in
      body(&state)
      state.progress.fraction =
        state.fractions.reduce(0, +) / Double(max(1, state.fractions.count))
      return state.progress
    }
    report?(progress)
  }
}
