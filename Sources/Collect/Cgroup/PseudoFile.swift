import Foundation

/// Files and directories that the kernel makes up as they are read (procfs, cgroupfs).
enum PseudoFile {
  /// The text without white space at its end; nil where the file cannot be read or has more than
  /// `limit` bytes. Its size is told as 0 or 4096, so it is read until it ends.
  static func text(_ path: String, limit: Int = 64 << 10) -> Substring? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0, bytes.count + count <= limit else { return nil }
      if count == 0 { break }
      bytes.append(contentsOf: chunk[..<count])
    }
    while let last = bytes.last, last == UInt8(ascii: "\n") || last == UInt8(ascii: " ") {
      bytes.removeLast()
    }
    return String(decoding: bytes, as: UTF8.self)[...]
  }

  /// The names of the directories in a directory, links not followed; nil where it cannot be read.
  static func subdirectories(of directory: String) -> [String]? {
    guard let stream = opendir(directory) else { return nil }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      guard entry.pointee.d_type == UInt8(DT_DIR) else { continue }
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}
