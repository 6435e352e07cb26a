extension SelectStatement {
  /// The statement with a database and a retention policy in the name of each measurement that it
  /// reads or writes, in subqueries as well.
  ///
  /// - Parameters:
  ///   - database: of names without one.
  ///   - defaultPolicy: of a database; nil for one that does not exist, whose names stay as they
  ///     are.
  public func withFullNames(
    in database: String, defaultPolicy: (String) -> String?
  ) -> SelectStatement {
    var select = self
    select.into = into?.withFullName(in: database, defaultPolicy: defaultPolicy)
    select.sources = sources.map { source in
      switch source {
      case .measurement(let name):
        .measurement(name.withFullName(in: database, defaultPolicy: defaultPolicy))
      case .subquery(let inner):
        .subquery(inner.withFullNames(in: database, defaultPolicy: defaultPolicy))
      }
    }
    return select
  }

  /// The measurements that are read, in the order of their names in the text, those of subqueries
  /// included.
  public var measurementsRead: [MeasurementName] {
    sources.flatMap { source in
      switch source {
      case .measurement(let name): [name]
      case .subquery(let inner): inner.measurementsRead
      }
    }
  }
}

extension MeasurementName {
  fileprivate func withFullName(
    in database: String, defaultPolicy: (String) -> String?
  ) -> MeasurementName {
    let full = self.database ?? database
    guard let policy = retentionPolicy ?? defaultPolicy(full) else { return self }
    return MeasurementName(database: full, retentionPolicy: policy, name: name)
  }
}
