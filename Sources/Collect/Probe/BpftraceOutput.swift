/// Reads what `bpftrace -f json` prints, in pieces as they come: a JSON object a line.
///
///     {"type": "attached_probes", "data": {"probes": 8}}
///     {"type": "map", "data": {"@page_faults": {"614": 4168, "1": 25688}}}
///     {"type": "printf", "data": "mark 7\n"}
///     {"type": "lost_events", "data": {"events": 12}}
///
/// Any bytes do no harm: a line is used as a whole or not at all, and the lines around one that
/// cannot be read are read as ever.
package struct BpftraceOutput {
  package enum Message: Hashable {
    /// Counts by cgroup id.
    case map(name: String, counts: [UInt64: UInt64])
    /// The end of an answer (mark.bt), with the number of its question.
    case mark(UInt64)
    /// Prints that bpftrace had no room for.
    case lostEvents(UInt64)
    /// Another line of bpftrace's.
    case other
    /// Too long, not JSON, or not as bpftrace prints our maps.
    case unreadable
  }

  private let keyLimit: Int
  private let lineLimit: Int
  /// The beginning of a line whose end is to come.
  private var line: [UInt8] = []
  /// Whether the line that is on its way is too long already.
  private var isSkipping = false

  /// - Parameter keyLimit: how many cgroups a map may have.
  package init(keyLimit: Int) {
    self.keyLimit = keyLimit
    // A key and its count have twenty digits each at most.
    lineLimit = 4096 + 48 * keyLimit
  }

  /// Takes the next bytes, and hands on a message for each line that ends in them.
  package mutating func append(_ bytes: ArraySlice<UInt8>, _ handle: (Message) -> Void) {
    var rest = bytes
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
      take(rest[..<end])
      rest = rest[(end + 1)...]
      if isSkipping {
        handle(.unreadable)
      } else if let message = message(line[...]) {
        handle(message)
      }
      line.removeAll(keepingCapacity: true)
      isSkipping = false
    }
    take(rest)
  }

  private mutating func take(_ part: ArraySlice<UInt8>) {
    guard !isSkipping else { return }
    guard part.count <= lineLimit - line.count else {
      isSkipping = true
      line.removeAll()
      return
    }
    line.append(contentsOf: part)
  }

  /// Nil for a line of white space.
  private func message(_ line: ArraySlice<UInt8>) -> Message? {
    var scanner = JSONScanner(line)
    if scanner.isAtEnd { return nil }
    var type: ArraySlice<UInt8>?
    var data: Int?
    let isObject = scanner.object { key, value in
      if key.elementsEqual("type".utf8) {
        guard type == nil else { return false }
        type = value.string()
        return type != nil
      }
      if key.elementsEqual("data".utf8) {
        guard data == nil else { return false }
        data = value.position
      }
      return value.skip()
    }
    guard isObject, scanner.isAtEnd, let type, let data else { return .unreadable }
    let value = scanner.at(data)
    if type.elementsEqual("map".utf8) { return map(value) ?? .unreadable }
    if type.elementsEqual("printf".utf8) { return printed(value) }
    if type.elementsEqual("lost_events".utf8) { return lostEvents(value) ?? .unreadable }
    return .other
  }

  private func map(_ data: JSONScanner) -> Message? {
    var scanner = data
    var name: String?
    var counts: [UInt64: UInt64] = [:]
    let isMap = scanner.object { key, value in
      guard name == nil, key.first == UInt8(ascii: "@") else { return false }
      name = String(decoding: key.dropFirst(), as: UTF8.self)
      return value.object { key, value in
        guard let cgroup = JSONScanner.count(key), let count = value.count(),
          counts.count < keyLimit
        else { return false }
        return counts.updateValue(count, forKey: cgroup) == nil
      }
    }
    guard isMap, let name else { return nil }
    return .map(name: name, counts: counts)
  }

  private func printed(_ data: JSONScanner) -> Message {
    var scanner = data
    guard let text = scanner.string() else { return .unreadable }
    guard text.starts(with: "mark ".utf8), text.suffix(2).elementsEqual("\\n".utf8) else {
      return .other
    }
    return JSONScanner.count(text.dropFirst(5).dropLast(2)).map { .mark($0) } ?? .unreadable
  }

  private func lostEvents(_ data: JSONScanner) -> Message? {
    var scanner = data
    var events: UInt64?
    let isObject = scanner.object { key, value in
      guard key.elementsEqual("events".utf8) else { return value.skip() }
      guard events == nil else { return false }
      events = value.count()
      return events != nil
    }
    guard isObject, let events else { return nil }
    return .lostEvents(events)
  }
}
