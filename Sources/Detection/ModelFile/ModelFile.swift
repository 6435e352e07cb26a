/// The model file's frame; FORMAT.md, "Model file" describes every byte.
enum ModelFile {
  static let magic = Array("VIGILMDL".utf8)
  static let version: UInt32 = 3
  /// Options that came after version 1: the version they came with, and what files of earlier
  /// versions meant without them.
  static let laterOptions: [(name: String, since: UInt32, before: String)] = [("sustain", 2, "1")]
  /// The version that shared networks came with.
  static let sharedVersion: UInt32 = 3
  /// Magic, version and length.
  static let headerSize = 20
  static let checksumSize = 4
}
