import Query
import TestSupport
import Testing
import TimeSeries

/// Random queries over random data: against the naive evaluator, and against themselves run in
/// another way.
@Suite struct PropertyTests {
  static let seeds = Array(UInt64(1)...24)

  static func conditions(_ random: inout SeededGenerator) -> NaiveEvaluator.Condition {
    func number(_ point: RandomData.Point, _ field: String) -> Double? {
      switch point.values[field] {
      case .float(let value)?: value
      case .integer(let value)?: Double(value)
      default: nil
      }
    }
    let bound = Int.random(in: -20...20, using: &random)
    let moment = RandomData.start + Int64.random(in: 0...900, using: &random) * RandomData.second
    let simple: [NaiveEvaluator.Condition] = [
      .time("time < \(moment)", moment) { $0 < moment },
      .time("(\(moment)) <= (time)", moment) { $0 >= moment },
      .init(text: "host = 'a'") { $0.tags["host"] == "a" },
      .init(text: "host != 'a'") { $0.tags["host"] != "a" },
      .init(text: "host = ''") { $0.tags["host"] == nil },
      .init(text: "zone =~ /^[xz]$/") { $0.tags["zone"] == "x" },
      .init(text: "host !~ /a|b/") { !["a", "b"].contains($0.tags["host"]) },
      .init(text: "f > \(bound)") { number($0, "f").map { $0 > Double(bound) } ?? false },
      .init(text: "i <= \(bound)") { number($0, "i").map { $0 <= Double(bound) } ?? false },
      .init(text: "f != \(bound)") { number($0, "f").map { $0 != Double(bound) } ?? false },
      .init(text: "s = 'p'") { $0.values["s"] == .string("p") },
      .init(text: "s !~ /p/") { $0.values["s"].map { $0 != .string("p") } ?? false },
      .init(text: "f + i > \(bound)") { point in
        guard let f = number(point, "f"), let i = number(point, "i") else { return false }
        return f + i > Double(bound)
      },
    ]
    func leaf() -> NaiveEvaluator.Condition {
      simple[Int.random(in: simple.indices, using: &random)]
    }
    switch Int.random(in: 0..<5, using: &random) {
    case 0: return leaf()
    case 1: return .and(leaf(), leaf())
    case 2: return .or(leaf(), leaf())
    default: return .or(.and(leaf(), leaf()), .and(leaf(), leaf()))
    }
  }

  static func query(_ random: inout SeededGenerator, isRaw: Bool) -> NaiveEvaluator.Query {
    let functions = ["count", "sum", "mean", "min", "max", "first", "last", "spread", "median"]
    let every: [Int64?] = [nil, 10, 45, 60, 600]
    let interval = isRaw ? nil : every.randomElement(using: &random) ?? nil
    let from = RandomData.start + Int64.random(in: -50...400, using: &random) * RandomData.second
    return NaiveEvaluator.Query(
      calls: isRaw
        ? []
        : (0..<Int.random(in: 1...3, using: &random)).map { _ in
          (
            functions.randomElement(using: &random) ?? "count",
            ["f", "i"].randomElement(using: &random) ?? "f"
          )
        },
      fields: [["f"], ["f", "i"], ["s", "f"], ["i", "s", "b"]].randomElement(using: &random)
        ?? ["f"],
      condition: Bool.random(using: &random) ? conditions(&random) : nil,
      from: from, to: from + Int64.random(in: 1...900, using: &random) * RandomData.second,
      every: interval.map { $0 * RandomData.second },
      tags: [[], ["host"], ["host", "zone"], ["zone"]].randomElement(using: &random) ?? [],
      fill: ["null", "none", "0", "7", "previous"].randomElement(using: &random) ?? "null",
      descending: Int.random(in: 0..<3, using: &random) == 0,
      limit: Bool.random(using: &random) ? Int.random(in: 1...9, using: &random) : nil,
      offset: Int.random(in: 0..<3, using: &random) == 0 ? 2 : 0)
  }

  @Test(arguments: seeds)
  func agreesWithTheNaiveEvaluator(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let data = RandomData(seed: seed)
    guard data.type(of: "f") != nil, data.type(of: "i") != nil, data.type(of: "s") != nil else {
      return
    }
    let source = data.source(blockSize: Int.random(in: 1...20, using: &random))
    for round in 0..<20 {
      var query = Self.query(&random, isRaw: round % 3 == 0)
      if data.type(of: "b") == nil { query.fields.removeAll { $0 == "b" } }
      let expected = NaiveEvaluator(data: data).answer(query)
      let answer = Answer.of(query.text, source: source)
      #expect(
        answer.agrees(with: expected),
        "seed \(seed): \(query.text)\nexpected \(expected)\ngot \(answer)")
    }
  }

  /// Runs one query under two sets of limits, or over two stores, and compares bit by bit.
  private func compare(
    seed: UInt64, _ name: String, sources: (MemorySource, MemorySource)? = nil,
    change: (inout QueryContext.Limits) -> Void
  ) throws {
    var random = SeededGenerator(seed: seed)
    let data = RandomData(seed: seed)
    let source = data.source(blockSize: 5)
    for round in 0..<20 {
      let query = Self.query(&random, isRaw: round % 2 == 0)
      var limits = QueryContext.Limits()
      let plain = try Answer.results(
        query.text, source: sources?.0 ?? source,
        context: QueryContext(now: RandomData.start, limits: limits))
      change(&limits)
      let changed = try Answer.results(
        query.text, source: sources?.1 ?? source,
        context: QueryContext(now: RandomData.start, limits: limits))
      #expect(
        Answer(plain).tables.map(\.rows) == Answer(changed).tables.map(\.rows),
        "\(name), seed \(seed): \(query.text)")
      if let size = limits.chunkSize {
        let chunks = changed.flatMap(\.series)
        #expect(chunks.allSatisfy { $0.rowCount <= size })
        #expect(changed.dropLast().allSatisfy { $0.partial })
        #expect(changed.last?.partial == false)
        for (chunk, next) in zip(chunks, chunks.dropFirst()) {
          let isSame = chunk.name == next.name && chunk.tags == next.tags
          #expect(chunk.partial == isSame, "\(query.text)")
        }
      }
    }
  }

  @Test(arguments: seeds)
  func chunkedEqualsUnchunked(seed: UInt64) throws {
    try compare(seed: seed, "chunked") { $0.chunkSize = 3 }
  }

  @Test(arguments: seeds)
  func parallelEqualsSerial(seed: UInt64) throws {
    try compare(seed: seed, "serial") { $0.isParallel = false }
  }

  @Test(arguments: seeds)
  func statisticsEqualDecodedBlocks(seed: UInt64) throws {
    try compare(seed: seed, "decoded") { $0.usesStatistics = false }
  }

  @Test(arguments: seeds)
  func layoutIndependentSumsDoNotDependOnBlocks(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let small = MemorySource(blockSize: 3)
    let large = MemorySource(blockSize: 50)
    for source in [small, large] {
      var values = SeededGenerator(seed: seed)
      for host in ["a", "b"] {
        for index in 0..<100 {
          source.insert(
            SeriesKey(measurement: "m", tags: [Tag(key: "host", value: host)]),
            Int64(index) * RandomData.second,
            ["f": .float(Double.random(in: -1...1, using: &values))])
        }
      }
    }
    var limits = QueryContext.Limits()
    limits.isLayoutIndependent = true
    for _ in 0..<10 {
      let every = Int.random(in: 1...40, using: &random)
      let query = "SELECT sum(f), mean(f) FROM m WHERE time < 100s GROUP BY time(\(every)s)"
      let answers = try [small, large].map {
        Answer(
          try Answer.results(
            query, source: $0, context: QueryContext(now: RandomData.start, limits: limits)))
      }
      #expect(answers[0].tables.map(\.rows) == answers[1].tables.map(\.rows), "\(query)")
      #expect(!answers[0].tables.isEmpty)
    }
  }
}
