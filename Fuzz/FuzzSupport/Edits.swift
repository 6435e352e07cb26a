/// Changes to the parts of a valid file. An input that is a list of edits keeps the rest of the file
/// in order, so that a change reaches the decoder it concerns; checksums are put right afterwards.
///
///     edits := edit*
///     edit  := part u8, kind u8, position u16, argument u8
///
/// `part` and `position` wrap around, so that every input is a list of edits.
extension FuzzInput {
  /// Applies the edits that are left to `parts`.
  public mutating func edit(_ parts: inout [[UInt8]]) {
    while !isEmpty, !parts.isEmpty {
      let part = Int(byte()) % parts.count
      let kind = byte()
      let position = word() % (parts[part].count + 1)
      edit(&parts[part], kind: kind, at: position)
    }
  }

  private mutating func edit(_ bytes: inout [UInt8], kind: UInt8, at position: Int) {
    let argument = byte()
    switch kind % 8 {
    case 0: if position < bytes.count { bytes[position] = argument }
    case 1: if position < bytes.count { bytes[position] ^= 1 << (argument & 7) }
    case 2: if position < bytes.count { bytes[position] &+= argument }
    case 3: bytes.insert(argument, at: position)
    case 4: bytes.removeSubrange(position..<min(bytes.count, position + Int(argument)))
    case 5:
      let length = min(Int(argument), bytes.count - position)
      bytes.insert(contentsOf: Array(bytes[position..<position + length]), at: position)
    case 6:
      for (offset, byte) in self.bytes(Int(argument % 16)).enumerated()
      where position + offset < bytes.count { bytes[position + offset] = byte }
    default: bytes.insert(contentsOf: self.bytes(Int(argument)), at: position)
    }
  }
}
