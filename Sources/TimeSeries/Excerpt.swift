extension String {
  /// The text where it is no longer than `limit` bytes, else its two ends with an ellipsis between
  /// them: what is said of a client's text must not be as long as the text.
  public func excerpt(bytes limit: Int) -> String {
    guard utf8.count > limit else { return self }
    let half = limit / 2
    return "\(String(decoding: utf8.prefix(half), as: UTF8.self))…"
      + String(decoding: utf8.suffix(half), as: UTF8.self)
  }
}
