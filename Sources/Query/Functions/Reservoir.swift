import TimeSeries

/// sample(): reservoir sampling, each subset as likely as any other (J. S. Vitter, "Random Sampling
/// with a Reservoir", 1985, algorithm R).
struct Reservoir {
  let size: Int
  private var random: SplitMix64

  /// - Parameter seed: the same seed draws the same elements of as many.
  init(size: Int, seed: UInt64) {
    self.size = size
    random = SplitMix64(seed: seed)
  }

  /// At most ``size`` of the elements, ascending.
  mutating func draw(from elements: [Int]) -> [Int] {
    guard elements.count > size else { return elements }
    var drawn = Array(elements[..<size])
    for index in size..<elements.count {
      let place = Int(random.next().multipliedFullWidth(by: UInt64(index + 1)).high)
      if place < size { drawn[place] = elements[index] }
    }
    return drawn.sorted()
  }
}

extension GroupKey {
  /// The same for the same group everywhere (FNV-1a).
  var seed: UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for text in [name] + tags.map(\.value) {
      for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
      hash = (hash ^ 0xff) &* 0x100_0000_01b3
    }
    return hash
  }
}
