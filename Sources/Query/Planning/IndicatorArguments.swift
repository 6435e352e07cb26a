/// The arguments of functions of technical analysis, in InfluxDB's words.
extension Indicator.Kind {
  private var takesWarmUp: Bool {
    self != .kaufmansEfficiencyRatio && self != .kaufmansAdaptiveMovingAverage
  }

  private var warmUps: [String] {
    let usual = ["exponential", "simple"]
    return self == .chandeMomentumOscillator ? ["none"] + usual : usual
  }

  /// - Parameter arguments: all of the call's, the field or the inner call first.
  /// - Throws: ``QueryError``.
  func check(_ arguments: [Expression]) throws {
    let most = takesWarmUp ? 4 : 3
    guard (2...most).contains(arguments.count) else {
      throw QueryError.invalid(
        "invalid number of arguments for \(rawValue), expected at least 2 but no more than \(most), "
          + "got \(arguments.count)")
    }
    guard case .integer(let period) = arguments[1] else {
      throw QueryError.invalid("\(rawValue) period must be an integer")
    }
    guard period >= 1 else {
      throw QueryError.invalid("\(rawValue) period must be greater than or equal to 1")
    }
    if arguments.count > 2 { try check(hold: arguments[2]) }
    if arguments.count > 3 { try check(warmUp: arguments[3]) }
  }

  private func check(hold argument: Expression) throws {
    guard case .integer(let hold) = argument else {
      throw QueryError.invalid("\(rawValue) hold period must be an integer")
    }
    // The first value has no derivative.
    let least = self == .tripleExponentialDerivative ? 1 : 0
    guard hold >= least || hold == -1 else {
      throw QueryError.invalid("\(rawValue) hold period must be greater than or equal to \(least)")
    }
  }

  private func check(warmUp argument: Expression) throws {
    guard case .string(let name) = argument else {
      throw QueryError.invalid("\(rawValue) warmup type must be a string")
    }
    guard warmUps.contains(name) else {
      throw QueryError.invalid(
        "\(rawValue) warmup type must be one of: "
          + warmUps.map { "'\($0)'" }.joined(separator: " "))
    }
  }
}

extension Indicator {
  /// - Parameter arguments: as ``Kind/check(_:)`` accepts them; otherwise nil.
  init?(_ kind: Kind, arguments: [Expression]) {
    guard arguments.count >= 2, case .integer(let period) = arguments[1], period >= 1 else {
      return nil
    }
    var hold: Int?
    if arguments.count > 2, case .integer(let count) = arguments[2], count >= 0 {
      hold = Int(clamping: count)
    }
    var warmUp: ExponentialAverage.WarmUp?
    if arguments.count > 3, case .string(let name) = arguments[3] {
      warmUp = ExponentialAverage.WarmUp(rawValue: name)
    }
    self.init(kind, period: Int(clamping: period), hold: hold, warmUp: warmUp)
  }
}

extension HoltWinters {
  /// - Throws: ``QueryError``.
  static func check(_ name: String, _ arguments: [Expression]) throws {
    guard arguments.count == 3 else {
      throw QueryError.invalid(
        "invalid number of arguments for \(name), expected 3, got \(arguments.count)")
    }
    guard case .integer(let horizon) = arguments[1] else {
      throw QueryError.invalid("expected integer argument as second arg in \(name)")
    }
    guard horizon > 0 else {
      throw QueryError.invalid("second arg to \(name) must be greater than 0, got \(horizon)")
    }
    guard case .integer(let season) = arguments[2] else {
      throw QueryError.invalid("expected integer argument as third arg in \(name)")
    }
    guard season >= 0 else {
      throw QueryError.invalid("third arg to \(name) cannot be negative, got \(season)")
    }
    guard case .call = arguments[0] else {
      throw QueryError.invalid("must use aggregate function with \(name)")
    }
  }

  /// - Parameter arguments: as ``check(_:_:)`` accepts them; otherwise nil.
  init?(_ name: String, arguments: [Expression]) {
    guard arguments.count == 3, case .integer(let horizon) = arguments[1], horizon > 0,
      case .integer(let season) = arguments[2], season >= 0
    else { return nil }
    self.init(
      horizon: Int(clamping: horizon), season: Int(clamping: season),
      withFit: name == "holt_winters_with_fit")
  }
}
