/// What a model is of, and how it is trained; enough to train it again.
public struct ModelSpecification: Sendable, Hashable {
  public var name: String
  /// The fields of a row, in order; no field twice.
  public var fields: [String]
  /// Nanoseconds from one row to the next.
  public var interval: Int64
  /// The tags that tell groups apart, sorted by the caller.
  public var groupTags: [String]
  /// The tag whose values name the networks that groups share; nil where they share none.
  public var shareTag: String?
  public var options: DetectorOptions
  /// What the caller keeps with the model (where its data is, the statement that made it); not
  /// looked at.
  public var annotations: [String: String]

  public init(
    name: String, fields: [String], interval: Int64, groupTags: [String],
    shareTag: String? = nil, options: DetectorOptions = DetectorOptions(),
    annotations: [String: String] = [:]
  ) {
    self.name = name
    self.fields = fields
    self.interval = interval
    self.groupTags = groupTags
    self.shareTag = shareTag
    self.options = options
    self.annotations = annotations
  }

  /// The sizes of each group's network.
  public var shape: AutoencoderShape {
    get throws {
      try AutoencoderShape(
        features: fields.count, window: options.window, hidden: options.hidden,
        latent: options.latent)
    }
  }

  /// - Throws: ``DetectionError/invalidOption(name:reason:)``, also for fields and interval.
  public func validate() throws {
    guard interval > 0 else {
      throw DetectionError.invalidOption(name: "interval", reason: "\(interval) ns is not positive")
    }
    guard Set(fields).count == fields.count else {
      throw DetectionError.invalidOption(name: "fields", reason: "a field is named twice")
    }
    guard Set(groupTags).count == groupTags.count else {
      throw DetectionError.invalidOption(name: "group tags", reason: "a tag is named twice")
    }
    try options.validate()
    _ = try shape
  }
}
