/// Times as text in tables about the database itself.
public enum TimestampText {
  public static func rfc3339(_ timestamp: Timestamp) -> String {
    var writer = RFC3339Writer()
    var bytes: [UInt8] = []
    writer.append(timestamp, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}
