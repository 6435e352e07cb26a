import TestSupport
import Testing

@testable import Collect

@Suite("bpftrace's output")
struct BpftraceOutputTests {
  private func messages(_ text: String, keyLimit: Int = 100) -> [BpftraceOutput.Message] {
    messages([Array(text.utf8)[...]], keyLimit: keyLimit)
  }

  private func messages(
    _ pieces: [ArraySlice<UInt8>], keyLimit: Int = 100
  ) -> [BpftraceOutput.Message] {
    var output = BpftraceOutput(keyLimit: keyLimit)
    var messages: [BpftraceOutput.Message] = []
    for piece in pieces { output.append(piece) { messages.append($0) } }
    return messages
  }

  @Test("what bpftrace 0.17 printed is read")
  func recorded() {
    let text = """
      {"type": "attached_probes", "data": {"probes": 8}}
      {"type": "printf", "data": "\\n"}
      {"type": "map", "data": {"@mmap_calls": {"652": 14, "1": 180}}}
      {"type": "map", "data": {"@page_faults": {"671": 1552}}}
      {"type": "printf", "data": "mark 7\\n"}
      {"type": "lost_events", "data": {"events": 12}}


      """
    #expect(
      messages(text) == [
        .other, .other, .map(name: "mmap_calls", counts: [652: 14, 1: 180]),
        .map(name: "page_faults", counts: [671: 1552]), .mark(7), .lostEvents(12),
      ])
  }

  @Test(
    "a line that is not as bpftrace prints ours is not used, and those around it are",
    arguments: [
      #"{"type": "map", "data": {"@f": {"1": 2}}"#,
      #"{"type": "map", "data": {"@f": {"1": 2}}}}"#,
      #"{"type": "map", "data": {"@f": {"1": 2}}} {}"#,
      #"{"type": "map", "data": {"@f": {"1": 2, "1": 3}}}"#,
      #"{"type": "map", "data": {"@f": {"1": 2}, "@g": {"1": 2}}}"#,
      #"{"type": "map", "data": {"@f": {"1": -2}}}"#,
      #"{"type": "map", "data": {"@f": {"-1": 2}}}"#,
      #"{"type": "map", "data": {"@f": {"1": 2.0}}}"#,
      #"{"type": "map", "data": {"@f": {"1": 1e3}}}"#,
      #"{"type": "map", "data": {"@f": {"1": "2"}}}"#,
      #"{"type": "map", "data": {"@f": {"1": }}}"#,
      #"{"type": "map", "data": {"@f": {"": 2}}}"#,
      #"{"type": "map", "data": {"@f": {"1,2": 2}}}"#,
      #"{"type": "map", "data": {"@f": {"1": 18446744073709551616}}}"#,
      #"{"type": "map", "data": {"@f": {"18446744073709551616": 1}}}"#,
      #"{"type": "map", "data": {"@f": 2}}"#,
      #"{"type": "map", "data": {"f": {"1": 2}}}"#,
      #"{"type": "map", "data": {}}"#,
      #"{"type": "map", "data": {"@f": {"1": 2}}, "data": {"@f": {"1": 3}}}"#,
      #"{"type": "map", "type": "map", "data": {"@f": {"1": 2}}}"#,
      #"{"type": 7, "data": {"@f": {"1": 2}}}"#,
      #"{"type": "map"}"#,
      #"{"data": {"@f": {"1": 2}}}"#,
      #"{"type": "printf", "data": "mark -1\n"}"#,
      #"{"type": "printf", "data": "mark \n"}"#,
      #"{"type": "lost_events", "data": {"events": -1}}"#,
      #"{"type": "lost_events", "data": {}}"#,
      #"{"type": "lost_events", "data": "12"}"#,
      "Attaching 8 probes...", "{", "\"", "\\", "{\"", "{\"a\\", "null", "[]", "\u{0}",
      #"{"type": "x", "data": "#,
    ])
  func unreadable(line: String) {
    let good = #"{"type": "map", "data": {"@g": {"7": 9}}}"#
    let expected = BpftraceOutput.Message.map(name: "g", counts: [7: 9])
    #expect(messages("\(good)\n\(line)\n\(good)\n") == [expected, .unreadable, expected])
  }

  @Test(
    "a line of another kind is passed over",
    arguments: [
      #"{"type": "hist", "data": {"@h": [{"min": 1, "max": 2, "count": 3}]}}"#,
      #"{"type": "time", "data": "12:00 \u00e4 \"\\"}"#,
      #"{ "data" : null , "type" : "new" , "more" : [true, false, -1.5e3, [], {}] }"#,
      #"{"type": "printf", "data": "mark"}"#,
    ])
  func others(line: String) {
    #expect(messages(line + "\n") == [.other])
  }

  @Test("the order of a line's members does not matter")
  func order() {
    #expect(
      messages(#"{"data": {"@f": {"1": 2}}, "type": "map"}"# + "\n") == [
        .map(name: "f", counts: [1: 2])
      ])
  }

  @Test("bytes that are no text harm nothing")
  func noText() {
    let bytes: [UInt8] = Array(0...9) + Array(11...255) + [10]
    #expect(
      messages([bytes[...], Array("{\"type\": \"\u{e4}\", \"data\": 1}\n".utf8)[...]])
        == [.unreadable, .other])
  }

  @Test("a map of as many keys as may be is read, of one more not")
  func keyLimit() {
    func line(_ keys: Range<UInt64>) -> String {
      let members = keys.map { "\"\(UInt64.max - $0)\": \(UInt64.max)" }.joined(separator: ", ")
      return "{\"type\": \"map\", \"data\": {\"@f\": {\(members)}}}\n"
    }
    let counts = Dictionary(uniqueKeysWithValues: (0..<1000).map { (UInt64.max - $0, UInt64.max) })
    #expect(messages(line(0..<1000), keyLimit: 1000) == [.map(name: "f", counts: counts)])
    #expect(messages(line(0..<1001), keyLimit: 1000) == [.unreadable])
  }

  @Test("a line without end is not kept, and what comes after it is read")
  func endless() {
    let piece = ArraySlice(repeating: UInt8(ascii: "x"), count: 1 << 16)
    let end = Array("\n{\"type\": \"lost_events\", \"data\": {\"events\": 3}}\n".utf8)[...]
    #expect(
      messages(Array(repeating: piece, count: 100) + [end]) == [.unreadable, .lostEvents(3)])
  }

  @Test("an object too deep is not followed")
  func depth() {
    let line = "{\"type\": \"x\", \"data\": "
    let deep = String(repeating: "[", count: 1500) + String(repeating: "]", count: 1500)
    #expect(messages("\(line)\(deep)}\n") == [.unreadable])
    #expect(messages("\(line)[[[[]]]]}\n") == [.other])
  }

  @Test("any pieces give the same", arguments: 0..<50 as Range<UInt64>)
  func pieces(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let stream = Stream(lines: 40, &random)
    var rest = Array(stream.lines.joined())[...]
    let whole = rest
    var pieces: [ArraySlice<UInt8>] = []
    let longest = Int.random(in: 1...200, using: &random)
    while !rest.isEmpty {
      let size = Int.random(in: 0...longest, using: &random)
      pieces.append(rest.prefix(size))
      rest = rest.dropFirst(size)
    }
    #expect(messages(pieces) == stream.messages, "seed \(seed)")
    #expect(messages([whole]) == stream.messages, "seed \(seed)")
  }

  @Test("lines around damaged ones are read as ever", arguments: 0..<200 as Range<UInt64>)
  func damage(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var stream = Stream(lines: 40, &random)
    var damaged: Set<Int> = []
    for _ in 0..<10 {
      guard let line = stream.lines.indices.randomElement(using: &random) else { break }
      damaged.insert(line)
      for _ in 0..<Int.random(in: 1...5, using: &random) {
        // The line's own end stays: where it goes, it takes the next line with it.
        let place = Int.random(in: 0..<stream.lines[line].count - 1, using: &random)
        let byte = UInt8.random(in: 0...255, using: &random)
        stream.lines[line][place] = byte == UInt8(ascii: "\n") ? UInt8(ascii: "}") : byte
      }
    }
    let read = messages([Array(stream.lines.joined())[...]])
    #expect(read.count == stream.messages.count, "seed \(seed)")
    for (index, (message, expected)) in zip(read, stream.messages).enumerated()
    where !damaged.contains(index) {
      #expect(message == expected, "seed \(seed), line \(index)")
    }
  }

  @Test("a lost line end costs the two lines it parted", arguments: 0..<50 as Range<UInt64>)
  func lostEnd(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var stream = Stream(lines: 10, &random)
    let place = Int.random(in: 0..<9, using: &random)
    stream.lines[place].removeLast()
    stream.messages.replaceSubrange(place...place + 1, with: [.unreadable])
    #expect(messages([Array(stream.lines.joined())[...]]) == stream.messages, "seed \(seed)")
  }

  /// Lines as bpftrace prints them, and what they say.
  private struct Stream {
    var lines: [[UInt8]] = []
    var messages: [BpftraceOutput.Message] = []

    init(lines count: Int, _ random: inout SeededGenerator) {
      for _ in 0..<count {
        let number = UInt64.random(in: 0 ... .max, using: &random)
        let text: String
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
          text = #"{"type": "printf", "data": "mark \#(number)\n"}"#
          messages.append(.mark(number))
        case 1:
          text = #"{"type": "lost_events", "data": {"events": \#(number)}}"#
          messages.append(.lostEvents(number))
        case 2:
          text = #"{"type": "printf", "data": "\n"}"#
          messages.append(.other)
        default:
          var counts: [UInt64: UInt64] = [:]
          for _ in 0..<Int.random(in: 0...20, using: &random) {
            counts[UInt64.random(in: 0...9999, using: &random)] =
              number >> UInt64.random(in: 0...63, using: &random)
          }
          let members = counts.map { "\"\($0)\": \($1)" }.joined(separator: ", ")
          text = #"{"type": "map", "data": {"@f": {\#(members)}}}"#
          messages.append(.map(name: "f", counts: counts))
        }
        lines.append(Array((text + "\n").utf8))
      }
    }
  }
}
