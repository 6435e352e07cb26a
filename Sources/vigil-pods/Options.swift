import ArgumentParser

/// `K=V`
struct Pair: ExpressibleByArgument {
  var key: String
  var value: String

  init?(argument: String) {
    guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else {
      return nil
    }
    key = String(argument[..<equals])
    value = String(argument[argument.index(after: equals)...])
  }
}

/// `HOST:CONTAINER`, two absolute paths.
struct Mount: ExpressibleByArgument {
  var host: String
  var container: String

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.hasPrefix("/") }) else { return nil }
    host = String(parts[0])
    container = String(parts[1])
  }
}
