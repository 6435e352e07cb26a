import Foundation

@testable import Collect

/// A script that prints files where crictl would ask a runtime, and keeps a log of its arguments.
struct FakeCrictl {
  static let containerID = "996242efc0ef50e84d39a382242db679299183600bb7321efe6a76f6e7572041"

  let directory: TemporaryDirectory
  var path: String { directory.path + "/crictl" }

  init() throws {
    directory = try TemporaryDirectory()
    for name in ["pods", "ps", "inspect"] {
      try directory.write(try Self.recorded(name), to: name)
    }
    try script(
      """
      case "$1" in
      inspect) cat "$here/inspect" ;;
      pods|ps) cat "$here/$1" ;;
      *) echo "unknown command $1" >&2; exit 1 ;;
      esac
      """)
  }

  /// What crictl printed on a real machine.
  static func recorded(_ name: String) throws -> Data {
    guard
      let url = Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Golden")
    else { throw CocoaError(.fileNoSuchFile) }
    return try Data(contentsOf: url)
  }

  func script(_ body: String) throws {
    try directory.write(
      "#!/bin/sh\nhere='\(directory.path)'\necho \"$@\" >> \"$here/log\"\n\(body)\n", to: "crictl")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
  }

  /// Replaces text in one of the recorded files.
  func edit(_ name: String, _ old: String, _ new: String) throws {
    let text = String(
      decoding: try Data(contentsOf: URL(fileURLWithPath: directory.path + "/" + name)),
      as: UTF8.self)
    guard text.contains(old) else { throw CocoaError(.fileReadCorruptFile) }
    try directory.write(text.replacingOccurrences(of: old, with: new), to: name)
  }

  func log() throws -> [String] {
    try String(contentsOfFile: directory.path + "/log", encoding: .utf8)
      .split(separator: "\n").map(String.init)
  }

  func source(timeout: Duration = .seconds(30)) -> CrictlSource {
    CrictlSource(path: path, node: "n1", timeout: timeout) { path in
      path.hasSuffix(Self.containerID) ? 4711 : nil
    }
  }
}
