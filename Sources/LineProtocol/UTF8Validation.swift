/// Whether bytes are well-formed UTF-8 (Unicode 16, table 3-7: no overlong forms, no surrogates,
/// nothing above U+10FFFF). ASCII passes eight bytes at a time; nothing is allocated.
func isWellFormedUTF8(_ bytes: UnsafeRawBufferPointer) -> Bool {
  var position = 0
  let count = bytes.count
  while position < count {
    while count - position >= 8,
      bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
    {
      position += 8
    }
    guard position < count else { return true }
    let lead = bytes[position]
    if lead < 0x80 {
      position += 1
      continue
    }
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xBF
    switch lead {
    case 0xC2...0xDF: length = 2
    case 0xE0:
      length = 3
      second = 0xA0...0xBF
    case 0xED:
      length = 3
      second = 0x80...0x9F
    case 0xE1...0xEF: length = 3
    case 0xF0:
      length = 4
      second = 0x90...0xBF
    case 0xF1...0xF3: length = 4
    case 0xF4:
      length = 4
      second = 0x80...0x8F
    default: return false
    }
    guard count - position >= length, second.contains(bytes[position + 1]) else { return false }
    var next = 2
    while next < length {
      guard bytes[position + next] & 0xC0 == 0x80 else { return false }
      next += 1
    }
    position += length
  }
  return true
}
