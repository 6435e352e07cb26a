import Foundation
import Synchronization

/// Where the shell writes, and what is known of it.
public protocol ShellOutput: Sendable {
  /// Throws ``OutputClosed`` where nobody reads any more.
  func write(_ text: String) throws
  func writeError(_ text: String)
  var isTerminal: Bool { get }
  var errorIsTerminal: Bool { get }
  /// Columns.
  var width: Int { get }
  /// Rows.
  var height: Int { get }
  /// Whether results may be coloured.
  var hasColor: Bool { get }
}

/// The reader of the output is gone (`tsql … | head`): time to leave, and nothing to complain of.
public struct OutputClosed: Error {}

/// What was to be shown could not be written, as to a file on a full disk.
struct OutputFailure: Error, CustomStringConvertible {
  /// As `errno` has it.
  let code: Int32

  var description: String { "cannot write the output: \(String(cString: strerror(code)))" }
}

/// The process's own standard output and error.
public struct StandardOutput: ShellOutput {
  public let isTerminal = isatty(STDOUT_FILENO) == 1
  public let errorIsTerminal = isatty(STDERR_FILENO) == 1
  public let hasColor: Bool

  /// Colours go to terminals that understand them, unless `color` is false or the environment has
  /// a `NO_COLOR` that is not empty (https://no-color.org).
  public init(color: Bool = true) {
    let environment = ProcessInfo.processInfo.environment
    hasColor =
      color && isTerminal && (environment["NO_COLOR"] ?? "").isEmpty
      && environment["TERM"] != "dumb"
  }

  public var width: Int { size?.columns ?? 100 }
  public var height: Int { size?.rows ?? 24 }

  private var size: (columns: Int, rows: Int)? {
    for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
      var size = winsize()
      if ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 {
        return (Int(size.ws_col), Int(size.ws_row))
      }
    }
    return nil
  }

  public func write(_ text: String) throws {
    try Self.send(text, to: STDOUT_FILENO)
  }

  public func writeError(_ text: String) { try? Self.send(text, to: STDERR_FILENO) }

  static func send(_ text: String, to descriptor: Int32) throws {
    var text = text
    try text.withUTF8 { bytes in
      var bytes = UnsafeRawBufferPointer(bytes)
      while !bytes.isEmpty {
        #if canImport(Darwin)
          let count = Darwin.write(descriptor, bytes.baseAddress, bytes.count)
        #else
          let count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        #endif
        if count < 0 {
          if errno == EINTR { continue }
          guard errno != EPIPE else { throw OutputClosed() }
          guard errno == EAGAIN else { throw OutputFailure(code: errno) }
          // Somebody set the terminal not to block: wait until it takes more.
          var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          _ = poll(&request, 1, -1)
          continue
        }
        bytes = UnsafeRawBufferPointer(rebasing: bytes[count...])
      }
    }
  }
}
