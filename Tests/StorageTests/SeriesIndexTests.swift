import TestSupport
import Testing
import TimeSeries

@testable import Storage

/// The index against the simplest one: a list of keys.
@Suite struct SeriesIndexTests {
  /// Keys with few and many values, escaped ones, and tags that some lack.
  private static func keys(_ generator: inout SeededGenerator) -> [String] {
    let values = ["x", "y", "é", "a\\ b", "a\\,b", "a\\=b", "back\\\\slash", "k=v"]
    return (0..<400).map { number in
      var key =
        ["m", "n", "long-measurement-name", "m\\,x"].randomElement(using: &generator) ?? "m"
      if Bool.random(using: &generator) {
        key += ",a=\(values.randomElement(using: &generator) ?? "x")"
      }
      if Bool.random(using: &generator) { key += ",b\\ b=\(number % 7)" }
      return key + ",pod=p\(number / 2)-\(number % 2 == 0 ? "x" : "é")"
    }
  }

  @Test(arguments: 0..<8) func itFindsWhatAListFinds(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    let index = SeriesIndex()
    var known: [UInt32: String] = [:]
    for key in Self.keys(&generator) where index.find(Array(key.utf8)[...]) == nil {
      let found = try #require(index.add(Array(key.utf8)[...]))
      known[found.id] = key
    }
    try check(index, known, "seed \(seed)")
    let dropped = Set(known.keys.shuffled(using: &generator).prefix(100))
    func measurements(_ keys: some Sequence<String>) -> Set<Substring> {
      Set(keys.map { $0.prefix { $0 != "," } })
    }
    let isOneGone =
      measurements(known.filter { !dropped.contains($0.key) }.values) != measurements(known.values)
    #expect(index.drop(dropped) == isOneGone, "seed \(seed)")
    #expect(!index.drop(dropped), "seed \(seed), nothing goes twice")
    for id in dropped {
      let key = known.removeValue(forKey: id) ?? ""
      #expect(index.find(Array(key.utf8)[...]) == nil, "seed \(seed) \(key)")
      #expect(index.canonicalKey(of: id).map(Array.init) == Array(key.utf8))
      if id % 2 == 0 {
        let again = try #require(index.add(Array(key.utf8)[...]))
        #expect(again.id > id)
        known[again.id] = key
      }
    }
    try check(index, known, "seed \(seed), after drops")
  }

  private func check(_ index: SeriesIndex, _ known: [UInt32: String], _ comment: Comment) throws {
    #expect(index.count == known.count, comment)
    #expect(index.liveIDs == known.keys.sorted(), comment)
    let parsed = known.compactMapValues { SeriesKey(canonical: $0.utf8) }
    #expect(Set(index.measurements.keys) == Set(parsed.values.map(\.measurement)), comment)
    for (id, key) in known {
      #expect(index.find(Array(key.utf8)[...])?.id == id, comment)
      #expect(index.measurement(of: id)?.name == parsed[id]?.measurement, comment)
    }
    for (name, measurement) in index.measurements {
      let members = parsed.filter { $0.value.measurement == name }
      #expect(measurement.series == members.keys.sorted(), comment)
      for bound: UInt32 in [0, 150, .max] {
        let query = TagQuery(measurement: measurement, bound: bound, lock: index.lock)
        func expect(_ predicate: TagPredicate, _ isMatch: (SeriesKey) -> Bool) {
          let wanted = members.filter { $0.key < bound && isMatch($0.value) }.keys.sorted()
          #expect(query.series(matching: predicate) == wanted, comment)
        }
        for value in ["", "x", "é", "a b", "a,b", "a=b", "k=v", "nobody's"] {
          expect(.equal(key: "a", value: value)) { ($0.value(of: "a") ?? "") == value }
        }
        expect(.equal(key: "pod", value: "p3-x")) { $0.value(of: "pod") == "p3-x" }
        expect(.equal(key: "none", value: "x")) { _ in false }
        expect(.matching(key: "b b") { $0 > "3" }) { ($0.value(of: "b b") ?? "") > "3" }
        expect(.matching(key: "pod") { $0.hasSuffix("é") }) {
          $0.value(of: "pod")?.hasSuffix("é") ?? false
        }
        expect(.not(.matching(key: "a") { !$0.isEmpty })) { $0.value(of: "a") == nil }
      }
    }
  }

  @Test func noBytesThatAreNoKeyAreTakenIn() {
    let index = SeriesIndex()
    for bytes in [[], Array(",a=b".utf8), Array("m,a".utf8), [UInt8(ascii: "m"), 0xff]] {
      #expect(index.add(bytes[...]) == nil)
    }
    #expect(index.add(Array(repeating: UInt8(ascii: "m"), count: 65_536)[...]) == nil)
    #expect(index.add(Array(repeating: UInt8(ascii: "m"), count: 65_535)[...]) != nil)
    #expect(index.count == 1)
  }

  @Test func textsOfAnArenaStayWhatTheyWere() throws {
    let arena = KeyArena()
    var places: [(place: UInt32, bytes: [UInt8])] = []
    var generator = SeededGenerator(seed: 1)
    for number in 0..<300 {
      let length = number % 10 == 0 ? Int.random(in: 0...65_535, using: &generator) : number
      let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 ^ number) }
      places.append((try #require(bytes.withUnsafeBytes { arena.append($0) }), bytes))
    }
    for (place, bytes) in places { #expect(arena.bytes(at: place).elementsEqual(bytes)) }
    let long = [UInt8](repeating: 0, count: 65_536)
    #expect(long.withUnsafeBytes { arena.append($0) } == nil)
  }
}
