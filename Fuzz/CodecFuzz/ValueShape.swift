/// How the fuzzer's bytes become values: each shape leads the encoders to other codecs.
enum ValueShape: UInt8, CaseIterable {
  /// Eight bytes a value.
  case words
  /// A byte a value.
  case bytes
  /// Sums of signed bytes, which may wrap around from the first word on.
  case sums
  /// Sums of sums.
  case sumsOfSums
  /// The words over and over.
  case cycle
  /// The first words far more often than the last, each slightly changed: what entropy coding is for.
  case noise
  /// Each word a while.
  case runs
  /// Multiples of a word.
  case multiples

  func values(_ bytes: [UInt8], count: Int) -> [Int64] {
    let words = bytes.withUnsafeBytes { raw in
      (0..<bytes.count / 8).map { raw.loadUnaligned(fromByteOffset: $0 * 8, as: Int64.self) }
    }
    let first = words.first ?? 0
    let small = bytes.map { Int64(Int8(bitPattern: $0)) }
    switch self {
    case .words: return words
    case .bytes: return small
    case .sums: return Self.sums(small, from: first)
    case .sumsOfSums: return Self.sums(Self.sums(small, from: 0), from: first)
    case .cycle: return words.isEmpty ? [] : (0..<count).map { words[$0 % words.count] }
    case .noise:
      var state = UInt64(bitPattern: first)
      return words.isEmpty
        ? []
        : (0..<count).map { _ in
          state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
          let index = min(state.leadingZeroBitCount, words.count - 1)
          return words[index] &+ Int64(state >> 8 & 3)
        }
    case .runs: return words.isEmpty ? [] : (0..<count).map { words[$0 / 37 % words.count] }
    case .multiples: return small.map { $0 &* first }
    }
  }

  private static func sums(_ steps: [Int64], from start: Int64) -> [Int64] {
    var sum = start
    return steps.map { step in
      sum &+= step
      return sum
    }
  }
}
