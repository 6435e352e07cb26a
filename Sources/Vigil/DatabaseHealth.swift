import Storage

/// Whether a database does its work, for those who watch over it.
public struct DatabaseHealth: Sendable, Hashable {
  /// The words of draft-inadarei-api-health-check.
  public enum Status: String, Sendable, Hashable {
    case pass
    /// It takes points in and answers, and something that it holds is damaged.
    case warn
    /// Points cannot be taken in, or not made durable.
    case fail
  }

  /// One thing that is wrong.
  public struct Check: Sendable, Hashable {
    /// The file or directory it is about, relative to the database's own, or `store`.
    public var name: String
    public var status: Status
    public var message: String

    public init(name: String, status: Status, message: String) {
      self.name = name
      self.status = status
      self.message = message
    }
  }

  /// The worst first; empty if all is well.
  public var checks: [Check]

  public init(checks: [Check] = []) { self.checks = checks }

  public var status: Status { checks.first?.status ?? .pass }

  public var message: String {
    guard let first = checks.first else { return "ready for queries and writes" }
    return checks.count == 1 ? first.message : "\(first.message) (and \(checks.count - 1) more)"
  }
}

extension Database {
  /// Damage that is named; of more only the number counts.
  private static let namedDamage = 20

  /// What is wrong at this moment. It reads no file, and may be asked every second.
  ///
  /// What keeps points from being taken in or made durable (the directory was removed, replaced or
  /// cannot be written to; the last append, sync or flush failed) makes it fail, damage a warning:
  /// a server that takes points in and answers is not to be taken out of service.
  public func health() -> DatabaseHealth {
    func check(_ error: StorageError, _ status: DatabaseHealth.Status) -> DatabaseHealth.Check {
      DatabaseHealth.Check(
        name: clientText(error.path ?? "store"), status: status,
        message: clientText("\(error)"))
    }
    let failures = engine.failures.map { check($0, .fail) }
    let damage = problems.filter(\.isDamage)
    return DatabaseHealth(
      checks: failures + damage.prefix(Self.namedDamage).map { check($0, .warn) })
  }
}
