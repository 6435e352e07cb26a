/// The model file's frame; FORMAT.md, "Model file" describes every byte.
enum ModelFile {
  static let magic = Array("VIGILMDL".utf8)
  static let version: UInt32 = 1
  /// Magic, version and length.
  static let headerSize = 20
  static let checksumSize = 4
}
