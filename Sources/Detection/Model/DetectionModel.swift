/// A trained model: a specification, a network for each group, and those that groups share.
public struct DetectionModel: Sendable, Hashable {
  public let specification: ModelSpecification
  /// Ascending by key, no key twice.
  public let groups: [GroupModel]
  /// For groups that have none of their own, each with a value of the specification's share tag as
  /// its key; ascending by it, none twice.
  public let shared: [GroupModel]

  /// - Throws: ``DetectionError``: an invalid specification, a group that does not fit it, a key
  ///   that is there twice.
  public init(
    specification: ModelSpecification, groups: [GroupModel], shared: [GroupModel] = []
  ) throws {
    try specification.validate()
    let options = specification.options
    self.specification = specification
    self.groups = try Self.sorted(
      groups, of: specification, tags: specification.groupTags.count,
      compression: options.compression)
    self.shared = try Self.sorted(
      shared, of: specification, tags: specification.shareTag == nil ? nil : 1,
      compression: options.sharedCompression)
  }

  /// - Parameter tags: of a key; nil where no network may be.
  private static func sorted(
    _ networks: [GroupModel], of specification: ModelSpecification, tags: Int?,
    compression: Compression
  ) throws -> [GroupModel] {
    let shape = try specification.shape
    for network in networks {
      guard network.key.count == tags, network.parameters.shape == shape,
        network.scaler.offsets.count == shape.features,
        network.scaler.scales.count == shape.features,
        network.scaler.compression == compression
      else { throw DetectionError.invalidInput("group \(network.key) is not of this model") }
    }
    let sorted = networks.sorted { $0.key.lexicographicallyPrecedes($1.key) }
    guard zip(sorted, sorted.dropFirst()).allSatisfy({ $0.key != $1.key }) else {
      throw DetectionError.invalidInput("a group key is there twice")
    }
    return sorted
  }

  /// A trainer for networks of a model of this specification.
  ///
  /// - Parameter constants: as of ``GroupTrainer/init(options:interval:constants:)``.
  public static func trainer(
    for specification: ModelSpecification, constants: [ConstantScale] = []
  ) throws -> GroupTrainer {
    try specification.validate()
    return try GroupTrainer(
      options: specification.options, interval: specification.interval, constants: constants)
  }

  public func group(_ key: [String]) -> GroupModel? { Self.find(key, in: groups) }

  /// The network of the groups with `value` for the share tag.
  public func shared(_ value: String) -> GroupModel? { Self.find([value], in: shared) }

  private static func find(_ key: [String], in networks: [GroupModel]) -> GroupModel? {
    var (low, high) = (0, networks.count)
    while low < high {
      let middle = (low + high) / 2
      if networks[middle].key.lexicographicallyPrecedes(key) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low < networks.count && networks[low].key == key ? networks[low] : nil
  }

  /// A scorer to keep and use again.
  ///
  /// - Parameter network: one of ``groups`` or ``shared``.
  public func scorer(for network: GroupModel) -> GroupScorer {
    GroupScorer(network, options: specification.options, interval: specification.interval)
  }

  /// A scorer to keep and use again; nil where the model has nothing for the group.
  public func scorer(for key: [String]) -> GroupScorer? { group(key).map { scorer(for: $0) } }

  /// Scores rows of one group, once.
  ///
  /// - Returns: nil where the model has nothing for this group.
  /// - Throws: ``DetectionError/invalidInput(_:)``.
  public func score(group key: [String], _ data: GroupData) throws -> DetectionScores? {
    try scorer(for: key)?.score(data)
  }
}
