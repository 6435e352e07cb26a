import Foundation

/// Whether this process has the same numbers for processes as the kernel's programs.
enum ProcessNamespace {
  /// Unknown counts as yes.
  static var isTheHosts: Bool {
    // The first process namespace has this inode on every Linux (PROC_PID_INIT_INO).
    let name = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")
    return name.map { $0 == "pid:[4026531836]" } ?? true
  }
}
