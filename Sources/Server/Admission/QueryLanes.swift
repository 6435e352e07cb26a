import Query

/// Queries at a time. Statements about the server have a lane of their own, so that somebody can look
/// into a server that is busy and stop what keeps it so.
struct QueryLanes: Sendable {
  private let administrative: SharedCapacity
  private let general: SharedCapacity
  private let unread: SharedCapacity

  init(_ configuration: ServerConfiguration) {
    administrative = SharedCapacity(
      total: ServerConfiguration.administrativeQueries,
      share: ServerConfiguration.administrativeQueries / 2)
    general = SharedCapacity(
      total: configuration.maximumQueries, share: configuration.maximumQueriesPerClient)
    unread = SharedCapacity(
      total: configuration.maximumUnreadResponses,
      share: configuration.maximumUnreadResponsesPerClient)
  }

  func permit(for text: String, of client: ClientAddress) -> WorkPermit {
    WorkPermit(
      client: client, running: Self.isAdministrative(text) ? administrative : general,
      unread: unread)
  }

  /// Longer texts are not looked at.
  private static let textLimit = 1024

  private static func isAdministrative(_ text: String) -> Bool {
    guard text.utf8.count <= textLimit, let first = text.utf8.first(where: { $0 > 0x20 }),
      "SsKk".utf8.contains(first), !text.utf8.dropFirst().starts(with: "ELECT".utf8),
      let statements = try? Parser.parse(text)
    else { return false }
    return !statements.isEmpty && statements.allSatisfy(\.isAdministrative)
  }
}
