import Foundation
import TestSupport
import TimeSeries

extension SeededGenerator {
  /// From the standard normal distribution (Box and Muller 1958).
  mutating func nextNormal() -> Double {
    let radius = (-2 * log(1 - Double.random(in: 0..<1, using: &self))).squareRoot()
    return radius * cos(2 * .pi * Double.random(in: 0..<1, using: &self))
  }

  /// Poisson distributed (Knuth's product of uniforms; for small means).
  mutating func nextPoisson(_ mean: Double) -> Int64 {
    let limit = exp(-mean)
    var product = Double.random(in: 0..<1, using: &self)
    var count: Int64 = 0
    while product > limit {
      product *= Double.random(in: 0..<1, using: &self)
      count += 1
    }
    return count
  }
}

/// Lengths at the edges of words, groups, blocks and chunks.
let edgeCounts = [
  0, 1, 2, 3, 7, 8, 9, 63, 64, 65, 127, 128, 129, 255, 256, 257, 1000, 8191, 8192, 8193,
]

/// Runs of integers, each after a way in which a codec can go wrong.
enum IntegerShape: String, CaseIterable, Sendable {
  case zeros, allEqual, allMinimum, alternatingExtremes, ramp, fallingRamp, steepRamp, wrappingRamp
  case randomBits, smallRandom, randomWalk, poisson, pages, mostlyZero, longRuns, fewFarApart
  case outliers, widths, timestampsWithJitter, wholeSeconds, pattern, drifting
  case skewed, twoValued, geometric, wideWithOutliers, aroundTheEnds, steadyNoise
  case evenSteps, evenTurns

  func values(_ count: Int, _ generator: inout SeededGenerator) -> [Int64] {
    var walk: Int64 = 50
    var step: Int64 = 0
    func random() -> Int64 { Int64(bitPattern: generator.next()) }
    let few = (0..<5).map { _ in random() }
    let many = (0..<701).map { _ in random() }
    return (0..<count).map { row in
      let index = Int64(row)
      switch self {
      case .zeros: return 0
      case .allEqual: return -77
      case .allMinimum: return .min
      case .alternatingExtremes: return row & 1 == 0 ? .min : .max
      case .ramp: return index
      case .fallingRamp: return 1_000_000 - 3 * index
      case .steepRamp: return .min &+ index &* 0x0123_4567_89AB
      case .wrappingRamp: return .max &- 3 &+ index &* (Int64.max / 3)
      case .randomBits: return random()
      case .smallRandom: return Int64.random(in: -9...9, using: &generator)
      case .randomWalk:
        walk = min(100, max(0, walk + Int64(generator.nextNormal().rounded())))
        return walk
      case .poisson: return generator.nextPoisson(40)
      case .pages: return 4096 * Int64.random(in: 0...100_000, using: &generator) + 5
      case .mostlyZero: return Int.random(in: 0..<200, using: &generator) == 0 ? random() : 0
      case .longRuns: return few[(row / 90) % few.count]
      case .fewFarApart: return few[Int.random(in: 0..<few.count, using: &generator)]
      case .outliers: return row % 131 == 77 ? random() : index & 7
      case .widths: return random() >> Int64(row % 64)
      case .timestampsWithJitter:
        return 1_700_000_000_000_000_000 + index * 1_000_000_000
          + Int64.random(in: 0...900, using: &generator)
      case .wholeSeconds:
        walk += Int64.random(in: 1...30, using: &generator)
        return walk * 1_000_000_000
      case .pattern: return many[row % many.count]
      case .drifting: return index * index * 1000 + Int64.random(in: 0...3, using: &generator)
      case .skewed: return Int64(exp(3 + 2 * generator.nextNormal()))
      case .twoValued: return Int.random(in: 0..<10, using: &generator) == 0 ? 900 : -5
      case .geometric: return Int64((generator.next() | 1 << 50).trailingZeroBitCount)
      case .wideWithOutliers:
        return row % 97 == 5 ? random() : Int64(generator.nextNormal() * 1e12)
      // Frames of reference and cells that wrap around.
      case .aroundTheEnds: return .max &+ Int64(generator.nextNormal() * 50)
      case .evenSteps:
        walk += Int64.random(in: 0...255, using: &generator)
        return walk
      case .evenTurns:
        step += Int64.random(in: -128...127, using: &generator)
        walk += step
        return walk
      case .steadyNoise: return index * 1_000_003 + Int64(generator.nextNormal() * 1000)
      }
    }
  }
}

/// Runs of doubles, each after a way in which a codec can go wrong.
enum FloatShape: String, CaseIterable, Sendable {
  case zeros, negativeZeros, mixedZeros, allNaN, nanPayloads, infinities, subnormals, extremes
  case randomBits, uniform, threeDecimals, mixedDecimals, integerWalk, poisson, hugeIntegers, sums
  case decimalsWithNaN, repeated, sine, tinyDecimals, singlePrecision, pages, halting

  func values(_ count: Int, _ generator: inout SeededGenerator) -> [Double] {
    var walk = 50.0
    func uniform(_ range: ClosedRange<Double>) -> Double {
      Double.random(in: range, using: &generator)
    }
    return (0..<count).map { row in
      switch self {
      case .zeros: return 0
      case .negativeZeros: return -0.0
      case .mixedZeros: return generator.next() & 1 == 0 ? 0 : -0.0
      case .allNaN: return .nan
      case .nanPayloads:
        return Double(bitPattern: 0x7FF0_0000_0000_0001 | generator.next() << 63 | UInt64(row) << 3)
      case .infinities: return [.infinity, -.infinity, 1, .nan][row % 4]
      case .subnormals: return Double(bitPattern: generator.next() >> 12)
      case .extremes:
        return [.greatestFiniteMagnitude, -.greatestFiniteMagnitude, .leastNonzeroMagnitude][
          row % 3]
      case .randomBits: return Double(bitPattern: generator.next())
      case .uniform: return uniform(0...1)
      case .threeDecimals: return (uniform(0...1000) * 1000).rounded() / 1000
      case .mixedDecimals:
        let power = [1.0, 10, 1e3, 1e7][row % 4]
        return (uniform(-50...50) * power).rounded() / power
      case .integerWalk:
        walk = min(100, max(0, walk + generator.nextNormal().rounded()))
        return walk
      case .poisson: return Double(generator.nextPoisson(40))
      case .hugeIntegers: return Double(Int64(bitPattern: generator.next()))
      case .sums:
        walk += 0.1
        return walk
      case .decimalsWithNaN:
        return row % 50 == 3 ? -.nan : (uniform(0...100) * 100).rounded() / 100
      case .repeated: return [.pi * 1e30, .pi * 1e-30, 1e100 / 3][(row / 40) % 3]
      case .sine: return 20 + 5 * sin(Double(row) / 30)
      case .tinyDecimals: return Double(row % 100) / 1e17
      case .singlePrecision: return Double(Float(uniform(0...1)))
      case .halting:
        if uniform(0...1) < 0.6 { walk = .pi * uniform(1...2) }
        return walk
      case .pages: return 4096 * uniform(0...1e6).rounded()
      }
    }
  }
}

extension [UInt8] {
  /// Runs `body` over a reader of these bytes.
  func read<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try withUnsafeBytes(body)
  }
}
