/// Doubles as integers over a power of ten.
///
/// A value belongs if `Double(i) / 10^k` gives its very bits; one division is rounded correctly, so
/// that holds for whatever was once read from a decimal text of up to k places and 15 digits, and
/// for every whole number that a double holds. Values that do not belong are exceptions: the integer
/// stream repeats its neighbour in their place, and their bits follow.
///
/// ```
/// decimal := k                 1 byte, 0 to 18
///            exceptionCount    varint
///            integers          integer stream, one a row
///            rows              integer stream, ascending, one an exception
///            bits              8 bytes an exception
/// ```
enum DecimalScaling {
  static let powers: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
    1e18,
  ]

  /// What an exception costs, nearly: its bits and its row.
  private static let exceptionBits = 80

  /// To the nearest integer, ties to even. Adding and taking away 2^52 leaves no room for a fraction;
  /// larger numbers have none. It takes two instructions where SSE2 would call a function.
  @inline(__always)
  static func rounded(_ value: Double) -> Double {
    guard abs(value) < 0x1p52 else { return value }
    let shift = value < 0 ? -0x1p52 : 0x1p52
    return (value + shift) - shift
  }

  /// The integer that stands for `value`; nil where it is an exception.
  @inline(__always)
  private static func integer(_ value: Double, _ power: Double) -> Int64? {
    let scaled = rounded(value * power)
    guard abs(scaled) < 0x1p63 else { return nil }
    let integer = Int64(scaled)
    return (Double(integer) / power).bitPattern == value.bitPattern ? integer : nil
  }

  /// Appends the values with the codec's number; false, and nothing is appended, if too many would be
  /// exceptions.
  static func append(_ values: UnsafeBufferPointer<Double>, to output: inout [UInt8]) -> Bool {
    guard let exponent = exponent(for: values) else { return false }
    let power = powers[exponent]
    var rows: [Int64] = []
    return withUnsafeTemporaryAllocation(of: Int64.self, capacity: values.count) { integers in
      var previous: Int64?
      for row in values.indices {
        if let integer = integer(values[row], power) {
          integers[row] = integer
          if previous == nil { for missed in 0..<row { integers[missed] = integer } }
          previous = integer
        } else {
          rows.append(Int64(row))
          integers[row] = previous ?? 0
        }
      }
      guard rows.count * 2 <= values.count else { return false }
      output.append(FloatCodec.decimal.rawValue)
      output.append(UInt8(exponent))
      output.appendVarint(rows.count)
      IntegerStream.encode(UnsafeBufferPointer(integers), to: &output)
      IntegerStream.encode(rows, to: &output)
      for row in rows { output.appendFixed(values[Int(row)].bitPattern) }
      return true
    }
  }

  /// The exponent that makes a sample of the values smallest; nil where none serves.
  private static func exponent(for values: UnsafeBufferPointer<Double>) -> Int? {
    let stride = max(1, values.count / 64)
    var best: (exponent: Int, cost: Int)?
    for exponent in powers.indices {
      let power = powers[exponent]
      var low = Int64.max
      var high = Int64.min
      var count = 0
      var missed = 0
      for row in Swift.stride(from: 0, to: values.count, by: stride) where values[row].isFinite {
        count += 1
        if let integer = integer(values[row], power) {
          low = min(low, integer)
          high = max(high, integer)
        } else {
          missed += 1
        }
      }
      guard count > 0 else { return nil }
      guard missed * 2 <= count else { continue }
      let width = Int(bitWidth(UInt64(bitPattern: high &- low)))
      let cost = missed * exceptionBits + (count - missed) * width
      if cost < best?.cost ?? .max { best = (exponent, cost) }
      if missed == 0 { break }
    }
    return best?.exponent
  }

  static func decode(
    from reader: inout ByteReader, into target: UnsafeMutableBufferPointer<Double>
  ) throws {
    let exponent = Int(try reader.readByte())
    guard powers.indices.contains(exponent) else { throw reader.malformed("unknown power of ten") }
    let power = powers[exponent]
    let exceptions = try reader.readCount(atMost: target.count)
    try target.withMemoryRebound(to: Int64.self) {
      try IntegerStream.decode(from: &reader, into: $0)
    }
    // In place: a Double takes the room of the Int64 it is made of.
    let memory = UnsafeMutableRawBufferPointer(target)
    if exponent == 0 {
      for row in target.indices {
        let integer = memory.load(fromByteOffset: row &* 8, as: Int64.self)
        memory.storeBytes(of: Double(integer), toByteOffset: row &* 8, as: Double.self)
      }
    } else {
      for row in target.indices {
        let integer = memory.load(fromByteOffset: row &* 8, as: Int64.self)
        memory.storeBytes(of: Double(integer) / power, toByteOffset: row &* 8, as: Double.self)
      }
    }
    let rows = try IntegerStream.decode(from: &reader, count: exceptions)
    for row in rows {
      guard row >= 0, row < target.count else {
        throw reader.malformed("an exception past the end")
      }
      target[Int(row)] = Double(bitPattern: try reader.readFixed(UInt64.self))
    }
  }
}
