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

  /// A process that is to run a program of perl in the cgroup.
  func process(perl: String) -> Process {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = [
      "-c", "echo $$ > \(directory)/cgroup.procs && exec perl -e '\(perl)'",
    ]
    return process
  }

  /// Runs a program of perl in the cgroup, and waits for its end.
  func run(perl: String) throws {
    let process = process(perl: perl)
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }
}

/// A process in a cgroup that takes page faults, and tells of them, when it is told to.
final class PromptedProcess {
  private let process: Process
  private let commands = Pipe()
  private let answers = Pipe()

  init(in cgroup: TestCgroup) throws {
    process = cgroup.process(
      perl: """
        $| = 1; my @kept;
        while (<STDIN>) {
          push @kept, "a" x (4096 * $_) if $_ > 0;
          open(my $f, "<", "/proc/self/stat"); my @s = split / /, <$f>; close($f);
          print $s[9] + $s[11], "\\n";
        }
        """)
    process.standardInput = commands
    process.standardOutput = answers
    try process.run()
  }

  /// Has it touch fresh pages; returns what the kernel says its faults were since it began.
  func faults(touching pages: Int) throws -> UInt64 {
    try commands.fileHandleForWriting.write(contentsOf: Data("\(pages)\n".utf8))
    var line: [UInt8] = []
    while let byte = try answers.fileHandleForReading.read(upToCount: 1)?.first,
      byte != UInt8(ascii: "\n")
    {
      line.append(byte)
    }
    return try #require(UInt64(String(decoding: line, as: UTF8.self)))
  }

  func move(to cgroup: TestCgroup) throws {
    try Data("\(process.processIdentifier)".utf8)
      .write(to: URL(fileURLWithPath: cgroup.directory + "/cgroup.procs"))
  }

  func end() {
    try? commands.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  deinit { end() }
}
