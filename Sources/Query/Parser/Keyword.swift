/// The reserved words of InfluxQL 1.6, including those of statements that this engine does not
/// have: a name must be quoted here exactly when InfluxDB wants it quoted.
///
/// The words of the model statements (MODEL, FIELDS, USING, …) are not reserved; the parser
/// recognizes them by their place.
enum Keyword: String, CaseIterable {
  case all, alter, analyze, and, any, `as`, asc, begin, by, cardinality, create, continuous
  case database, databases, `default`, delete, desc, destinations, diagnostics, distinct, drop
  case duration, end, every, exact, explain, `false`, field, `for`, from, grant, grants, group
  case groups, `in`, inf, insert, into, key, keys, kill, limit, measurement, measurements, name
  case offset, on, or, order, password, policy, policies, privileges, queries, query, read
  case replication, resample, retention, revoke, select, series, set, show, shard, shards, slimit
  case soffset, stats, subscription, subscriptions, tag, to, `true`, user, users, values
  case `where`, with, write

  /// The word in upper case, as messages have it.
  var text: String { rawValue.uppercased() }

  private static let longest = allCases.map(\.rawValue.utf8.count).max() ?? 0

  /// Finds a keyword whatever its case.
  init?(word: some StringProtocol) {
    guard word.utf8.count <= Self.longest, let keyword = Self(rawValue: word.lowercased()) else {
      return nil
    }
    self = keyword
  }
}
