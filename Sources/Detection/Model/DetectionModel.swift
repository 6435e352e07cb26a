/// A trained model: a specification and a network for each group.
public struct DetectionModel: Sendable, Hashable {
  public let specification: ModelSpecification
  /// Ascending by key, no key twice.
  public let groups: [GroupModel]

  /// - Throws: ``DetectionError``: an invalid specification, a group that does not fit it, a key
  ///   that is there twice.
  public init(specification: ModelSpecification, groups: [GroupModel]) throws {
    try specification.validate()
    let shape = try specification.shape
    for group in groups {
      guard group.key.count == specification.groupTags.count, group.parameters.shape == shape,
        group.scaler.offsets.count == shape.features, group.scaler.scales.count == shape.features,
        group.scaler.compression == specification.options.compression
      else { throw DetectionError.invalidInput("group \(group.key) is not of this model") }
    }
    let sorted = groups.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    guard zip(sorted, sorted.dropFirst()).allSatisfy({ $0.key != $1.key }) else {
      throw DetectionError.invalidInput("a group key is there twice")
    }
    self.specification = specification
    self.groups = sorted
  }

  /// A trainer for groups of a model of this specification.
  public static func trainer(for specification: ModelSpecification) throws -> GroupTrainer {
    try specification.validate()
    return try GroupTrainer(
      options: specification.options, interval: specification.interval)
  }

  public func group(_ key: [String]) -> GroupModel? {
    var (low, high) = (0, groups.count)
    while low < high {
      let middle = (low + high) / 2
      if groups[middle].key.lexicographicallyPrecedes(key) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low < groups.count && groups[low].key == key ? groups[low] : nil
  }

  /// A scorer to keep and use again; nil where the model has nothing for the group.
  public func scorer(for key: [String]) -> GroupScorer? {
    group(key).map {
      GroupScorer($0, options: specification.options, interval: specification.interval)
    }
  }

  /// Scores rows of one group, once.
  ///
  /// - Returns: nil where the model has nothing for this group.
  /// - Throws: ``DetectionError/invalidInput(_:)``.
  public func score(group key: [String], _ data: GroupData) throws -> DetectionScores? {
    try scorer(for: key)?.score(data)
  }
}
