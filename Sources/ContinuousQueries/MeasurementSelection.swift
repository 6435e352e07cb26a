import Query

/// A measurement in one retention policy of a database: where rows are written and deleted.
public struct MeasurementReference: Sendable, Hashable {
  public var database: String
  public var retentionPolicy: String
  public var measurement: String

  public init(database: String, retentionPolicy: String, measurement: String) {
    self.database = database
    self.retentionPolicy = retentionPolicy
    self.measurement = measurement
  }
}

/// The measurements that a name in FROM or INTO means.
public struct MeasurementSelection: Sendable, Hashable {
  public enum Name: Sendable, Hashable {
    case literal(String)
    case pattern(Pattern)

    public func matches(_ measurement: String) -> Bool {
      switch self {
      case .literal(let name): name == measurement
      case .pattern(let pattern): pattern.matches(measurement)
      }
    }
  }

  public var database: String
  /// Nil for all policies of the database.
  public var retentionPolicy: String?
  public var name: Name

  public init(database: String, retentionPolicy: String?, name: Name) {
    self.database = database
    self.retentionPolicy = retentionPolicy
    self.name = name
  }

  init(_ name: MeasurementName, in database: String) throws(ContinuousQueryError) {
    self.database = name.database ?? database
    retentionPolicy = name.retentionPolicy
    switch name.name {
    case .literal(let text): self.name = .literal(text)
    case .regex(let source):
      do {
        self.name = .pattern(try Pattern(source))
      } catch {
        throw .invalid("\(error)")
      }
    case .backReference: throw .invalid("FROM needs names of measurements")
    }
  }

  public func contains(_ reference: MeasurementReference) -> Bool {
    database == reference.database
      && (retentionPolicy == nil || retentionPolicy == reference.retentionPolicy)
      && name.matches(reference.measurement)
  }

  /// False only if no measurement, be it there or not, is in both selections.
  func mayOverlap(_ other: MeasurementSelection) -> Bool {
    guard database == other.database,
      retentionPolicy == nil || other.retentionPolicy == nil
        || retentionPolicy == other.retentionPolicy
    else { return false }
    switch (name, other.name) {
    case (.pattern(let a), .pattern(let b)): return a.mayShareMatches(with: b)
    case (let others, .literal(let measurement)), (.literal(let measurement), let others):
      return others.matches(measurement)
    }
  }
}

extension MeasurementSelection: CustomStringConvertible {
  /// As a statement has it.
  public var description: String {
    let name: MeasurementName.Name =
      switch name {
      case .literal(let text): .literal(text)
      case .pattern(let pattern): .regex(pattern.source)
      }
    return MeasurementName(
      database: database, retentionPolicy: retentionPolicy, name: name
    ).description
  }
}
