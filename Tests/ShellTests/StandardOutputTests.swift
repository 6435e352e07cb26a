import Foundation
import Testing

@testable import Shell

@Suite struct StandardOutputTests {
  /// Else `tsql … > file` on a full disk would say nothing and succeed.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func aFullDiskIsAnErrorAndNoReaderThatLeft() throws {
    let descriptor = open("/dev/full", O_WRONLY)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    let failure = #expect(throws: OutputFailure.self) {
      try StandardOutput.send("text", to: descriptor)
    }
    #expect(failure?.code == ENOSPC)
  }

  @Test func aReaderThatLeftIsNoError() throws {
    signal(SIGPIPE, SIG_IGN)
    let pipe = Pipe()
    try pipe.fileHandleForReading.close()
    #expect(throws: OutputClosed.self) {
      try StandardOutput.send("text", to: pipe.fileHandleForWriting.fileDescriptor)
    }
  }
}
