import Encoding

extension [UInt8] {
  /// Length as a varint, then the bytes.
  mutating func appendText(_ text: String) { appendText(text.utf8) }

  mutating func appendText(_ bytes: some Collection<UInt8>) {
    appendVarint(bytes.count)
    append(contentsOf: bytes)
  }

  /// Count, then the first number and the differences, varints.
  mutating func appendAscending(_ numbers: [UInt32]) {
    appendVarint(numbers.count)
    var previous: UInt32 = 0
    for number in numbers {
      appendVarint(UInt64(number &- previous))
      previous = number
    }
  }
}

extension ByteReader {
  mutating func readUInt32Varint() throws -> UInt32 {
    let value = try readVarint()
    guard let small = UInt32(exactly: value) else { throw malformed("\(value) is above 32 bits") }
    return small
  }

  /// A number that counts up: at most 63 bits, so that one more is always one more.
  mutating func readOrdinal() throws -> UInt64 {
    let value = try readVarint()
    guard value < UInt64(Int64.max) else { throw malformed("\(value) is above 63 bits") }
    return value
  }

  /// Bytes with their length before them.
  mutating func readTextBytes(atMost limit: Int) throws -> UnsafeRawBufferPointer {
    try readBytes(try readCount(atMost: Swift.min(limit, remaining)))
  }

  mutating func readText(atMost limit: Int) throws -> String {
    let bytes = try readTextBytes(atMost: limit)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw malformed("text is not UTF-8")
    }
    return text
  }

  mutating func readAscending() throws -> [UInt32] {
    let count = try readCount(atMost: remaining)
    var numbers: [UInt32] = []
    numbers.reserveCapacity(count)
    var previous: UInt64 = 0
    for index in 0..<count {
      let step = try readVarint()
      let (next, overflow) = previous.addingReportingOverflow(step)
      guard !overflow, let number = UInt32(exactly: next), index == 0 || step > 0 else {
        throw malformed("numbers do not ascend")
      }
      numbers.append(number)
      previous = next
    }
    return numbers
  }
}
