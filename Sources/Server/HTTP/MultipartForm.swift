import Glibc

/// Reads multipart/form-data (RFC 7578): InfluxDB's clients upload a file of statements as the part
/// `q`.
enum MultipartForm {
  /// The fields and files of a body, by name.
  ///
  /// - Parameter contentType: the request's, with the boundary.
  /// - Returns: nil where the content type has no boundary or the body has no part that is closed.
  static func parse(_ body: UnsafeRawBufferPointer, contentType: String) -> FormParameters? {
    guard let boundary = parameter("boundary", of: contentType),
      (1...boundaryLimit).contains(boundary.utf8.count)
    else { return nil }
    let delimiter = Array("--\(boundary)".utf8)
    let lineDelimiter = Array("\r\n".utf8) + delimiter
    var position = body.startIndex
    guard let first = find(delimiter, in: body, from: position) else { return nil }
    position = first + delimiter.count
    var parameters = FormParameters()
    var partCount = 0
    while !body[position...].starts(with: "--".utf8) {
      guard let lineEnd = find(Array("\r\n".utf8), in: body, from: position),
        let end = find(lineDelimiter, in: body, from: lineEnd + 2)
      else { return nil }
      let bytes = UnsafeRawBufferPointer(rebasing: body[(lineEnd + 2)..<end])
      if let (name, value) = part(bytes) { parameters.add(name: name, value: value) }
      partCount += 1
      position = end + lineDelimiter.count
    }
    return partCount > 0 ? parameters : nil
  }

  /// Bytes of a boundary (RFC 2046, 5.1.1).
  private static let boundaryLimit = 70

  /// Where `text` begins in `bytes`, at `start` or behind it.
  private static func find(
    _ text: [UInt8], in bytes: UnsafeRawBufferPointer, from start: Int
  ) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    var position = start
    while bytes.count - position >= text.count,
      let found = memchr(base + position, Int32(text[0]), bytes.count - position - text.count + 1)
    {
      position = UnsafeRawPointer(found) - base
      if memcmp(base + position, text, text.count) == 0 { return position }
      position += 1
    }
    return nil
  }

  /// The name and the text of a part; nil where it has no name or is not UTF-8.
  private static func part(_ bytes: UnsafeRawBufferPointer) -> (String, String)? {
    guard let headersEnd = find(Array("\r\n\r\n".utf8), in: bytes, from: 0),
      headersEnd <= headerLimit,
      let value = String(validating: bytes[(headersEnd + 4)...], as: UTF8.self),
      let headers = String(validating: bytes[..<headersEnd], as: UTF8.self)
    else { return nil }
    for line in headers.split(separator: "\r\n") {
      guard let colon = line.firstIndex(of: ":"),
        line[..<colon].lowercased() == "content-disposition",
        let name = parameter("name", of: line[line.index(after: colon)...])
      else { continue }
      return (name, value)
    }
    return nil
  }

  /// Bytes of a part's headers.
  private static let headerLimit = 8 << 10

  /// `name=value` or `name="value"` after a semicolon of a header's value.
  private static func parameter(_ name: String, of header: some StringProtocol) -> String? {
    for field in header.split(separator: ";").dropFirst() {
      guard let equals = field.firstIndex(of: "="),
        field[..<equals].trimmingSpaces().lowercased() == name
      else { continue }
      let value = field[field.index(after: equals)...].trimmingSpaces()
      return value.count >= 2 && value.hasPrefix("\"") && value.hasSuffix("\"")
        ? String(value.dropFirst().dropLast()) : String(value)
    }
    return nil
  }
}
