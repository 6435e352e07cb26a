import TestSupport
import Testing

@testable import Query

@Suite struct ParserRoundTripTests {
  @Test(arguments: 0..<4_000)
  func formattedStatementIsReadAsItself(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    let statements = random.list { $0.statement() }
    let text = statements.map(\.description).joined(separator: "; ")
    #expect(try Parser.parse(text) == statements, "seed \(seed): \(text)")
  }

  /// Trees that the planner can make and the parser does not: the text may gain parentheses, but
  /// no operand may change its operator.
  @Test(arguments: 0..<1_000)
  func formattedTreeOfAnyShapeKeepsItsOperands(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    func tree(_ depth: Int) -> Expression {
      guard depth > 0, random.chance(0.8) else { return .reference("x", cast: nil) }
      let operation = random.pick([BinaryOperator.add, .multiply, .equal, .subtract, .bitAnd])
      return .binary(operation, tree(depth - 1), tree(depth - 1))
    }
    let expression = tree(4)
    let text = "DELETE WHERE \(expression)"
    guard case .delete(_, let condition?) = try Parser.parse(text).first else {
      Issue.record("seed \(seed): \(text)")
      return
    }
    #expect(condition.withoutParentheses == expression, "seed \(seed): \(text)")
  }

  /// Whatever an edit makes of a valid text: statements that round trip, or an error inside it.
  @Test(arguments: 0..<3_000)
  func editedTextIsReadOrRefused(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    var text = Array(random.statement().description.unicodeScalars)
    let others = Array(random.statement().description.unicodeScalars)
    for _ in 0...random.next(below: 4) where !text.isEmpty {
      let index = random.next(below: text.count)
      switch random.next(below: 5) {
      case 0: text.remove(at: index)
      case 1: text.insert(random.pick(Array("'\"\\/*()-;:$\n\r\0.,µ9 ".unicodeScalars)), at: index)
      case 2: text.removeSubrange(index...)
      case 3: text.insert(contentsOf: others.prefix(random.next(below: others.count)), at: index)
      default: text.swapAt(index, random.next(below: text.count))
      }
    }
    var edited = String.UnicodeScalarView()
    edited.append(contentsOf: text)
    do {
      let statements = try Parser.parse(String(edited))
      let canonical = statements.map(\.description).joined(separator: ";")
      #expect(try Parser.parse(canonical) == statements, "seed \(seed): \(String(edited))")
    } catch {
      #expect(error.message.contains("line \(error.line), char \(error.character)"))
      #expect(error.line <= text.count { $0 == "\n" || $0 == "\r" } + 1, "seed \(seed)")
      #expect(error.character <= text.count + 2, "seed \(seed)")
    }
  }
}

extension Expression {
  fileprivate var withoutParentheses: Expression {
    switch self {
    case .parenthesized(let inner): inner.withoutParentheses
    case .binary(let operation, let left, let right):
      .binary(operation, left.withoutParentheses, right.withoutParentheses)
    default: self
    }
  }
}
