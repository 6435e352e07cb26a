import Foundation
import Testing

@testable import Collect

/// What tests need that count in the kernel of this machine.
enum KernelTest {
  /// Says so loudly where this machine lacks it.
  static let isPossible: Bool = {
    guard getuid() == 0, let mount = hierarchy, access(mount, W_OK) == 0 else {
      print(
        "SKIPPED: tests in the kernel need root and a cgroup v2 hierarchy (tools/setup-collector)")
      return false
    }
    return true
  }()

  static var hierarchy: String? { try? CgroupHierarchies.current().unified?.directory }
}

/// A cgroup of its own for a test, removed after it.
final class TestCgroup {
  let directory: String
  let id: UInt64

  init(_ name: String) throws {
    let mount = try #require(KernelTest.hierarchy)
    directory = "\(mount)/vigil-test-\(getpid())-\(name)"
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    id = try #require(CgroupHierarchies.inode(ofDirectory: directory))
  }

  deinit { rmdir(directory) }

  /// Runs a program of perl in the cgroup, and waits for its end.
  func run(perl: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = [
      "-c", "echo $$ > \(directory)/cgroup.procs && exec perl -e '\(perl)'",
    ]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}
