import TestSupport

@testable import Query

/// Choices at random.
extension SeededGenerator {
  mutating func chance(_ probability: Double) -> Bool {
    Double.random(in: 0..<1, using: &self) < probability
  }

  mutating func maybe<Value>(_ value: (inout SeededGenerator) -> Value) -> Value? {
    chance(0.4) ? value(&self) : nil
  }

  mutating func list<Value>(_ value: (inout SeededGenerator) -> Value) -> [Value] {
    (0...next(below: 3)).map { _ in value(&self) }
  }
}

/// Random statements of the kind that the parser gives.
extension SeededGenerator {
  mutating func text() -> String {
    pick([
      "a", "cpu usage", "select", "time", "Fill", "tz", "model", "using", "fields", "0abc", "",
      "it's", "say \"so\"", "back\\slash", "line\nfeed", "carriage\rreturn", "tab\there", "µ-é-🙂",
      "a.b", "*", "--", "/*", "\u{0}", "$x", "e\u{301}",
    ])
  }

  mutating func pattern() -> String {
    pick(["a", "^cpu.*$", "a/b", "\\d+", "[\\\\]", "", "a b", "x|y", "\\\\\\/", "é"])
  }

  mutating func literal() -> Expression {
    switch next(below: 8) {
    case 0:
      .integer(pick([0, 1, -1, 42, .max, .min, Int64.random(in: .min ... .max, using: &self)]))
    case 1: .unsigned(UInt64.random(in: UInt64(Int64.max) + 1 ... .max, using: &self))
    case 2:
      .number(
        pick([
          0, -0.0, 1, 0.1, -2.5, 1e300, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 1e16,
          123456789.125,
          1e-5, Double.random(in: -1e9...1e9, using: &self),
        ]))
    case 3: .boolean(chance(0.5))
    case 4: .duration(pick([0, 1, -1_000, 90_000_000_000, .max, .min, 604_800_000_000_000]))
    default: .string(text())
    }
  }

  mutating func duration() -> Int64 { pick([1, 1_000, 10_000_000_000, 3_600_000_000_000, .max]) }

  /// An operand, never an operator's open end.
  mutating func operand(depth: Int) -> Expression {
    switch next(below: depth > 0 ? 8 : 4) {
    case 0: literal()
    case 1: .wildcard(pick(Array(Expression.Wildcard.allCases)))
    case 2, 3: .reference(text(), cast: maybe { $0.pick(Array(Expression.Cast.allCases)) })
    case 4, 5:
      .call(
        pick(["mean", "distinct", "rl", "select", "odd name"]),
        next(below: 4) == 0
          ? []
          : list {
            $0.chance(0.2) ? .regex($0.pattern()) : $0.expression(depth: depth - 1, floor: 1)
          })
    case 6: .parenthesized(expression(depth: depth - 1, floor: 1))
    default:
      .binary(
        .multiply, .integer(-1),
        chance(0.5)
          ? .parenthesized(expression(depth: depth - 1, floor: 1))
          : .reference(text(), cast: nil))
    }
  }

  /// An expression whose open operators have at least the precedence `floor`.
  mutating func expression(depth: Int, floor: Int) -> Expression {
    guard depth > 0, floor <= 5, chance(0.7) else { return operand(depth: depth) }
    let operation = pick(BinaryOperator.allCases.filter { $0.precedence >= floor })
    switch operation {
    case .and, .or:
      return chain(
        operation,
        (0..<(2 + next(below: 5))).map { _ in
          expression(depth: depth - 1, floor: operation.precedence + 1)
        })
    case .matches, .doesNotMatch:
      return .binary(
        operation, expression(depth: depth - 1, floor: operation.precedence), .regex(pattern()))
    default:
      return .binary(
        operation, expression(depth: depth - 1, floor: operation.precedence),
        expression(depth: depth - 1, floor: operation.precedence + 1))
    }
  }

  /// The balanced tree that the parser makes of a chain.
  private func chain(_ operation: BinaryOperator, _ operands: [Expression]) -> Expression {
    guard operands.count > 1 else { return operands[0] }
    var half = 1
    while half * 2 < operands.count { half *= 2 }
    return .binary(
      operation, chain(operation, Array(operands[..<half])),
      chain(operation, Array(operands[half...])))
  }

  mutating func measurement(into: Bool = false) -> MeasurementName {
    let database = maybe { $0.pick(["db", "d b", "from"]) }
    return MeasurementName(
      database: database, retentionPolicy: maybe { $0.pick(["rp", "r\"p", "policy"]) },
      name: into
        ? (chance(0.3) ? .backReference : .literal(text()))
        : (chance(0.3) ? .regex(pattern()) : .literal(text())))
  }

  /// A measurement that is no pattern.
  mutating func named() -> MeasurementName {
    var name = measurement()
    name.name = .literal(text())
    return name
  }

  mutating func interval() -> SelectStatement.Interval {
    .init(every: duration(), offset: pick([0, 0, 5_000_000_000, -1]))
  }

  mutating func dimension() -> SelectStatement.Dimension {
    pick([.tag(text()), .regex(pattern()), .all])
  }

  mutating func fill() -> SelectStatement.Fill {
    pick([
      .null, .none, .previous, .linear, .value(.integer(-3)), .value(.number(1.5)),
    ])
  }

  mutating func select(depth: Int, into: Bool) -> SelectStatement {
    var select = SelectStatement(
      fields: list { random in
        .init(
          random.chance(0.15)
            ? .regex(random.pattern()) : random.expression(depth: depth, floor: 4),
          alias: random.maybe { $0.text() })
      },
      sources: list { random in
        depth > 0 && random.chance(0.3)
          ? .subquery(random.select(depth: depth - 1, into: false))
          : .measurement(random.measurement())
      })
    // Conditions have no place in fields, not even inside calls.
    select.fields.removeAll { $0.expression.hasCondition }
    if select.fields.isEmpty { select.fields = [.init(.wildcard(.all))] }
    if into { select.into = measurement(into: true) }
    select.condition = maybe { $0.expression(depth: depth + 1, floor: 1) }
    select.interval = maybe { $0.interval() }
    select.dimensions = maybe { $0.list { $0.dimension() } } ?? []
    select.fill = fill()
    select.descending = chance(0.3)
    select.limit = maybe { 1 + $0.next(below: 9) }
    select.offset = maybe { _ in .max }
    select.seriesLimit = maybe { 1 + $0.next(below: 9) }
    select.seriesOffset = maybe { 1 + $0.next(below: 9) }
    select.timeZone = maybe { $0.pick(["UTC", "Europe/Berlin", "America/St_Johns", ""]) }
    return select
  }

  mutating func show(condition: Bool = true) -> ShowStatement {
    var show = ShowStatement()
    show.database = maybe { $0.text() }
    show.sources = maybe { $0.list { $0.measurement() } } ?? []
    if condition { show.condition = maybe { $0.expression(depth: 2, floor: 1) } }
    show.limit = maybe { 1 + $0.next(below: 9) }
    show.offset = maybe { 1 + $0.next(below: 9) }
    return show
  }

  mutating func policy() -> RetentionPolicyOptions {
    var policy = RetentionPolicyOptions()
    policy.duration = pick([0, duration()])
    policy.replication = 1 + next(below: 3)
    policy.shardDuration = maybe { $0.duration() }
    policy.name = text()
    return policy
  }

  mutating func keys() -> TagKeySelection {
    pick([
      .oneOf(list { $0.text() }), .noneOf(list { $0.text() }), .matching(pattern()),
      .notMatching(pattern()),
    ])
  }

  mutating func sources() -> [Source] {
    list { .measurement(.init(name: $0.chance(0.3) ? .regex($0.pattern()) : .literal($0.text()))) }
  }

  mutating func statement() -> Statement {
    switch next(below: 27) {
    case 0: return .showDatabases
    case 1: return .showRetentionPolicies(database: maybe { $0.text() })
    case 2:
      var show = show()
      show.sources = Array(show.sources.prefix(1))
      return .showMeasurements(show)
    case 3: return .showTagKeys(show())
    case 4: return .showTagValues(show(), keys: keys())
    case 5: return .showFieldKeys(show(condition: false))
    case 6: return .showSeries(show())
    case 7:
      var show = show()
      show.cardinality = pick([.estimated, .exact])
      show.dimensions = maybe { $0.list { $0.dimension() } } ?? []
      return pick([
        .showMeasurements(show), .showTagKeys(show), .showFieldKeys(show), .showSeries(show),
        .showTagValues(show, keys: keys()),
      ])
    case 8: return .createDatabase(name: text(), policy: maybe { $0.policy() })
    case 9: return .dropDatabase(name: text())
    case 10:
      let (database, policy, isDefault) = (text(), policy(), chance(0.5))
      return chance(0.5)
        ? .createRetentionPolicy(database: database, policy, isDefault: isDefault)
        : .alterRetentionPolicy(database: database, policy, isDefault: isDefault)
    case 11: return .dropRetentionPolicy(name: text(), database: text())
    case 12: return .dropMeasurement(name: text())
    case 13: return .dropSeries(sources: sources(), condition: nil)
    case 14: return .delete(sources: [], condition: expression(depth: 3, floor: 1))
    case 15:
      return .createModel(
        CreateModelStatement(
          name: text(), database: maybe { $0.text() },
          source: .init(retentionPolicy: maybe { _ in "rp" }, name: .literal(text())),
          fields: list { $0.text() }, condition: maybe { $0.expression(depth: 2, floor: 1) },
          interval: interval(), dimensions: maybe { $0.list { $0.dimension() } } ?? [],
          share: maybe { $0.text() }, architecture: pick(["lstm_autoencoder", "from", "odd name"]),
          options: ["window", "limit", "odd name"].prefix(next(below: 4)).map {
            .init(name: $0, value: literal())
          }, schedule: maybe { .init(every: $0.duration(), over: $0.duration()) }))
    case 16: return .showModels(database: maybe { $0.text() })
    case 17: return .dropModel(name: text(), database: maybe { $0.text() })
    case 18:
      return .retrainModel(
        name: text(), database: maybe { $0.text() }, since: maybe { $0.literal() })
    case 19:
      var select = select(depth: 2, into: true)
      select.interval = interval()
      return .createContinuousQuery(
        CreateContinuousQueryStatement(
          name: text(), database: text(), resampleEvery: maybe { $0.duration() },
          resampleFor: maybe { $0.duration() }, select: select))
    case 20: return pick([.showContinuousQueries, .showQueries, .killQuery(id: next())])
    case 21: return .dropContinuousQuery(name: text(), database: text())
    case 23:
      var suspects = ShowSuspectsStatement(source: named())
      suspects.database = maybe { $0.text() }
      suspects.graph = maybe { $0.named() }
      suspects.condition = maybe { $0.expression(depth: 2, floor: 1) }
      suspects.limit = maybe { 1 + $0.next(below: 9) }
      return .showSuspects(suspects)
    case 22: return .explain(select(depth: 2, into: false), analyze: chance(0.5))
    default: return .select(select(depth: 3, into: chance(0.3)))
    }
  }
}

extension Expression {
  fileprivate var hasCondition: Bool {
    switch self {
    case .binary(let operation, let left, let right):
      operation.precedence <= 3 || left.hasCondition || right.hasCondition
    case .parenthesized(let inner): inner.hasCondition
    case .call(_, let arguments): arguments.contains { $0.hasCondition }
    default: false
    }
  }
}
