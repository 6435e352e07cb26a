import AsyncHTTPClient
import Foundation
import NIOCore

/// A server started for the benchmark, on a port of the loopback interface.
final class ServerProcess {
  let url: String
  /// From the start of the process to its first answer.
  private(set) var startSeconds = 0.0
  private let process = Process()
  private let program: ServerProgram

  var pid: Int32 { process.processIdentifier }

  /// Returns once it answers.
  init(_ program: ServerProgram, directory: URL, port: Int) async throws {
    self.program = program
    url = "http://127.0.0.1:\(port)"
    process.executableURL = program.executable
    process.arguments = try program.prepare(directory: directory, port: port)
    let log = directory.appendingPathComponent("log")
    try Data().write(to: log)
    let output = try FileHandle(forWritingTo: log)
    process.standardOutput = output
    process.standardError = output
    let clock = ContinuousClock()
    let started = clock.now
    try process.run()
    while true {
      if await isReady() { break }
      guard process.isRunning, clock.now - started < .seconds(120) else {
        kill()
        let text = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
        throw BenchError(description: "\(program.name) did not start: \(text.suffix(500))")
      }
      try await Task.sleep(for: .milliseconds(2))
    }
    startSeconds = (clock.now - started) / .seconds(1)
  }

  private func isReady() async -> Bool {
    guard
      let response = try? await HTTPClient.shared.execute(
        HTTPClientRequest(url: url + program.readyPath), timeout: .seconds(5))
    else { return false }
    _ = try? await response.body.collect(upTo: 1 << 20)
    return (200..<300).contains(response.status.code)
  }

  /// As a crash ends it.
  func kill() {
    guard process.isRunning else { return }
    Foundation.kill(pid, SIGKILL)
    process.waitUntilExit()
  }

  /// Asks it to finish, and waits until it has.
  func stop() throws {
    process.terminate()
    process.waitUntilExit()
    // A server that handles the signal exits by itself.
    guard process.terminationReason == .exit, process.terminationStatus == 0 else {
      throw BenchError(
        description: "\(program.name) ended with status \(process.terminationStatus)")
    }
  }

  func cpuSeconds() throws -> Double {
    guard let seconds = ProcessUsage.cpuSeconds(of: pid) else {
      throw BenchError(description: "no processor time of process \(pid) (needs /proc)")
    }
    return seconds
  }

  var peakResidentBytes: Int? { ProcessUsage.memory("VmHWM", of: "\(pid)") }

  /// Waits until it has used next to no processor time for a second; at most two minutes.
  func settle() async throws {
    var quiet = 0
    for _ in 0..<240 where quiet < 2 {
      let before = try cpuSeconds()
      try await Task.sleep(for: .milliseconds(500))
      quiet = try cpuSeconds() - before <= 0.02 ? quiet + 1 : 0
    }
  }

  /// The whole answer to a query.
  func ask(_ path: String, _ parameters: [(String, String)], post: Bool = false) async throws
    -> ByteBuffer
  {
    var components = URLComponents()
    components.queryItems = parameters.map { URLQueryItem(name: $0, value: $1) }
    var request = HTTPClientRequest(url: url + path + "?" + (components.percentEncodedQuery ?? ""))
    if post { request.method = .POST }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(300))
    let answer = try await response.body.collect(upTo: 1 << 30)
    let start = answer.getString(at: answer.readerIndex, length: min(400, answer.readableBytes))
    // InfluxQL's errors come with status 200 in the document.
    guard response.status == .ok, let start, !start.contains("\"error\"") else {
      throw BenchError(description: "\(parameters): \(response.status.code) \(start ?? "")")
    }
    return answer
  }
}
