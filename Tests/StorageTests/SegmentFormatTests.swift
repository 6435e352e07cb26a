import Foundation
import Testing
import TimeSeries

@testable import Storage

@Suite struct SegmentFormatTests {
  /// The example of the format's description, byte for byte: whoever changes the format has to
  /// change the text, and whoever reads the text can trust it.
  @Test func theExampleInTheDescriptionIsWhatIsWritten() throws {
    let start: Timestamp = 1_700_000_000_000_000_000
    let block = SegmentBlock(
      timestamps: (0..<4).map { start + $0 * 1_000_000_000 },
      fields: [
        ("usage", Column(.float([0.5, 0.7, 0.6, 0.9]))),
        ("up", Column(.boolean([true, true, false, true]))),
      ])
    let (bytes, _) = try segmentBytes([SeriesInput(id: 1, key: "cpu,host=a", blocks: [block])])
    let described = try Self.example()
    #expect(
      described == bytes,
      "written: \(bytes.map { String(format: "%02x", $0) }.joined(separator: " "))"
    )
  }

  /// The bytes of the first fenced block marked `hex`; what follows a `;` is commentary.
  private static func example() throws -> [UInt8] {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    for name in ["FORMAT.md"] {
      guard let text = try? String(contentsOf: root.appending(path: name), encoding: .utf8),
        let block = text.range(of: "```hex segment\n"),
        let end = text.range(of: "\n```", range: block.upperBound..<text.endIndex)
      else { continue }
      return try text[block.upperBound..<end.lowerBound].split(separator: "\n").flatMap { line in
        try line.prefix { $0 != ";" }.split(separator: " ").map {
          try #require(UInt8($0, radix: 16))
        }
      }
    }
    throw CocoaError(.fileNoSuchFile)
  }
}
