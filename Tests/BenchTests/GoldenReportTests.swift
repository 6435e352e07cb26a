import Bench
import Foundation
import Testing

@Suite struct GoldenReportTests {
  static let files = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "DetectionTests/Golden")

  @Test(arguments: ["small", "paper"]) func theNetworkAgrees(name: String) throws {
    let report = try GoldenReport(checking: Self.files.appending(path: "\(name).json"))
    #expect(report.parts.map(\.name) == ["outputs and losses", "gradients", "Adam steps"])
    #expect(report.parts.allSatisfy { $0.largest > 0 && $0.largest < 1e-4 })
  }

  /// A copy of the small file with one number, found by its path, made larger.
  private func changed(_ path: [String], in directory: URL) throws -> URL {
    let source = try Data(contentsOf: Self.files.appending(path: "small.json"))
    func change(_ value: Any, _ path: ArraySlice<String>) throws -> Any {
      if var map = value as? [String: Any], let key = path.first {
        map[key] = try change(try #require(map[key]), path.dropFirst())
        return map
      }
      if var list = value as? [Any] {
        list[0] = try change(list[0], path)
        return list
      }
      let number = try #require(value as? Double)
      return number * 1.5 + 0.01
    }
    let document = try change(try JSONSerialization.jsonObject(with: source), path[...])
    let url = directory.appending(path: "changed.json")
    try JSONSerialization.data(withJSONObject: document).write(to: url)
    return url
  }

  @Test(arguments: [
    (["output"], 0), (["rl_window"], 0), (["rl_last_step"], 0), (["loss"], 0),
    (["gradients", "decoder.W_hh"], 1), (["losses"], 2),
    (["parameters_after_1_adam_steps", "latent.W"], 2),
    (["parameters_after_10_adam_steps", "encoder.b_ih"], 2),
  ])
  func aWrongNumberIsFound(_ path: [String], part: Int) throws {
    let directory = FileManager.default.temporaryDirectory.appending(
      path: "vigil-golden-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let report = try GoldenReport(checking: try changed(path, in: directory))
    #expect(report.parts.map { $0.largest > 1e-4 } == (0..<3).map { $0 == part })
    #expect(report.largest == report.parts[part].largest)
  }
}
