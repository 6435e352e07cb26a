/// The sizes of an LSTM autoencoder.
public struct AutoencoderShape: Sendable, Hashable {
  public static let featureRange = 1...256
  public static let windowRange = 2...1024
  public static let hiddenRange = 1...1024

  /// Values in a row.
  public let features: Int
  /// Rows in a window.
  public let window: Int
  /// Units of each LSTM.
  public let hidden: Int
  /// Values that the encoder passes to the decoder.
  public let latent: Int

  /// - Throws: ``DetectionError/invalidOption(name:reason:)`` for a size out of its range.
  public init(features: Int, window: Int, hidden: Int, latent: Int) throws {
    func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
      guard range.contains(value) else {
        throw DetectionError.invalidOption(
          name: name,
          reason: "\(value) is not in \(range.lowerBound)...\(range.upperBound)")
      }
    }
    try check("features", features, Self.featureRange)
    try check("window", window, Self.windowRange)
    try check("hidden", hidden, Self.hiddenRange)
    try check("latent", latent, 1...hidden)
    self.features = features
    self.window = window
    self.hidden = hidden
    self.latent = latent
  }

  /// Panels of 16 units with their four gates; units beyond ``hidden`` have zero weights and stay
  /// zero in training.
  var panels: Int { (hidden + 15) / 16 }
  var hiddenPadded: Int { panels * 16 }
  var latentPadded: Int { (latent + 15) / 16 * 16 }
  var featuresPadded: Int { (features + 15) / 16 * 16 }
}
