/// Where the server listens: `HOST:PORT`, `[IPV6]:PORT`, or `:PORT` for every interface.
public struct ListenAddress: Sendable, Hashable, CustomStringConvertible {
  public var host: String
  public var port: Int

  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// Nil where `text` is none of the forms or the port is not 0…65535.
  public init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"),
      let port = UInt16(text[text.index(after: colon)...])
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("[") && host.hasSuffix("]") && host.count > 2 {
      host = host.dropFirst().dropLast()
    } else if host.contains(where: { ":[]".contains($0) || $0.isWhitespace }) {
      return nil
    }
    self.init(host: host.isEmpty ? "0.0.0.0" : String(host), port: Int(port))
  }

  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
