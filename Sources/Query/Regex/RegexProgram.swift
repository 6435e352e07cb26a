/// A regular expression as instructions of Thompson's machine (Thompson 1968, "Regular Expression
/// Search Algorithm"): all states that the text so far can lead to are followed at once, so the
/// time is at most the length of the text times that of the program, for any expression and text.
/// A backtracking engine takes exponential time for some, such as `(a+)+$`.
struct RegexProgram {
  enum Instruction {
    /// Takes one scalar of a set, then goes on to the next instruction.
    case take(RegexScalarSet)
    case assert(RegexAssertion)
    case split(Int, Int)
    case jump(Int)
    case match
  }

  /// Bounds what a text costs per scalar, and the memory; counts in braces multiply.
  static let maximumInstructions = 20_000

  private var instructions: [Instruction] = []
  private var emitted = 0

  init(_ text: String) throws(RegexError) {
    try emit(try RegexParser.parse(text))
    instructions.append(.match)
  }

  private mutating func emit(_ node: RegexNode) throws(RegexError) {
    // Counted apart from the instructions, because empty nodes have none and can be repeated too.
    emitted += 1
    guard emitted <= Self.maximumInstructions else { throw RegexError("expression too large") }
    switch node {
    case .empty: break
    case .scalar(let set): instructions.append(.take(set))
    case .assertion(let assertion): instructions.append(.assert(assertion))
    case .sequence(let nodes):
      for node in nodes { try emit(node) }
    case .alternatives(let branches):
      var jumps: [Int] = []
      for branch in branches.dropLast() {
        let split = reserve()
        try emit(branch)
        jumps.append(reserve())
        instructions[split] = .split(split + 1, instructions.count)
      }
      if let last = branches.last { try emit(last) }
      for jump in jumps { instructions[jump] = .jump(instructions.count) }
    case .repetition(let node, let least, let most):
      for _ in 0..<least { try emit(node) }
      guard let most else {
        let split = reserve()
        try emit(node)
        instructions.append(.jump(split))
        instructions[split] = .split(split + 1, instructions.count)
        return
      }
      var splits: [Int] = []
      for _ in least..<most {
        splits.append(reserve())
        try emit(node)
      }
      for split in splits { instructions[split] = .split(split + 1, instructions.count) }
    }
  }

  /// A place for a jump whose target is not known yet.
  private mutating func reserve() -> Int {
    instructions.append(.match)
    return instructions.count - 1
  }

  /// Whether the expression matches somewhere in `text`.
  func matches(_ text: String) -> Bool {
    var states = States(count: instructions.count)
    var following = States(count: instructions.count)
    var before: Unicode.Scalar?
    for scalar in text.unicodeScalars {
      // A match can begin anywhere.
      if states.add(0, before, scalar, instructions) { return true }
      following.removeAll()
      for state in states.waiting {
        guard case .take(let set) = instructions[state], set.contains(scalar) else { continue }
        following.pending.append(state + 1)
      }
      swap(&states, &following)
      before = scalar
      // What follows can depend on the scalar after, which is known in the next round only.
    }
    return states.add(0, before, nil, instructions)
  }

  /// The instructions that the machine is at.
  private struct States {
    /// Reached, and not followed to where a scalar is taken yet.
    var pending: [Int] = []
    /// `take` instructions.
    private(set) var waiting: [Int] = []
    private var round: [UInt32]
    private var current: UInt32 = 1

    init(count: Int) { round = Array(repeating: 0, count: count) }

    mutating func removeAll() {
      pending.removeAll(keepingCapacity: true)
      waiting.removeAll(keepingCapacity: true)
      if current == .max {
        for index in round.indices { round[index] = 0 }
        current = 0
      }
      current += 1
    }

    /// Adds `start` and follows everything pending; true when that leads to a match.
    mutating func add(
      _ start: Int, _ before: Unicode.Scalar?, _ after: Unicode.Scalar?,
      _ instructions: [Instruction]
    ) -> Bool {
      pending.append(start)
      while let state = pending.popLast() {
        if round[state] == current { continue }
        round[state] = current
        switch instructions[state] {
        case .match: return true
        case .jump(let target): pending.append(target)
        case .split(let first, let second):
          pending.append(second)
          pending.append(first)
        case .assert(let assertion):
          if assertion.holds(between: before, and: after) { pending.append(state + 1) }
        case .take: waiting.append(state)
        }
      }
      return false
    }
  }
}
