/// Reads multipart/form-data (RFC 7578): InfluxDB's clients upload a file of statements as the part
/// `q`.
enum MultipartForm {
  /// The fields and files of a body, by name.
  ///
  /// - Parameter contentType: the request's, with the boundary.
  /// - Returns: nil where the content type has no boundary or the body has no part that is closed.
  static func parse(_ body: ArraySlice<UInt8>, contentType: String) -> FormParameters? {
    guard let boundary = parameter("boundary", of: contentType), !boundary.isEmpty else {
      return nil
    }
    let delimiter = Array("--\(boundary)".utf8)
    guard var position = body.firstRange(of: delimiter)?.upperBound else { return nil }
    var parameters = FormParameters()
    var partCount = 0
    while !body[position...].starts(with: "--".utf8) {
      guard let headersStart = body[position...].firstRange(of: "\r\n".utf8)?.upperBound,
        let end = body[headersStart...].firstRange(of: "\r\n".utf8 + delimiter)
      else { return nil }
      if let (name, value) = part(body[headersStart..<end.lowerBound]) {
        parameters.add(name: name, value: value)
      }
      partCount += 1
      position = end.upperBound
    }
    return partCount > 0 ? parameters : nil
  }

  /// The name and the text of a part; nil where it has no name or is not UTF-8.
  private static func part(_ bytes: ArraySlice<UInt8>) -> (String, String)? {
    guard let headersEnd = bytes.firstRange(of: "\r\n\r\n".utf8),
      let value = String(validating: bytes[headersEnd.upperBound...], as: UTF8.self),
      let headers = String(validating: bytes[..<headersEnd.lowerBound], as: UTF8.self)
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
