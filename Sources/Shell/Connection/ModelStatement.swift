/// A statement that trains a model: whose progress is worth showing.
struct ModelStatement: Equatable {
  var model: String
  /// `ON …`; nil where the statement names none.
  var database: String?

  /// Reads `CREATE MODEL name [ON db] …` and `RETRAIN MODEL name [ON db]`; nil for all else.
  init?(_ statement: String) {
    var words = Words(rest: statement[...])
    guard let verb = words.next()?.lowercased(), verb == "create" || verb == "retrain",
      words.next()?.lowercased() == "model", let model = words.next(), !model.isEmpty
    else { return nil }
    self.model = model
    if words.next()?.lowercased() == "on" { database = words.next() }
  }

  /// Words and double-quoted names.
  private struct Words {
    var rest: Substring

    mutating func next() -> String? {
      rest = rest.drop(while: \.isWhitespace)
      guard rest.first == "\"" else {
        let word = rest.prefix { !$0.isWhitespace && $0 != ";" }
        rest = rest[word.endIndex...]
        return word.isEmpty ? nil : String(word)
      }
      rest.removeFirst()
      var name = ""
      while let character = rest.popFirst() {
        if character == "\"" { return name }
        if character == "\\", let escaped = rest.popFirst() {
          name.append(escaped)
        } else {
          name.append(character)
        }
      }
      return nil
    }
  }
}
