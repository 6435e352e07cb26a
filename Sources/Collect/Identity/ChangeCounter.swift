/// Counts what containers cannot come or go without: cgroups that are made or removed.
protocol ChangeCounter: Sendable {
  /// How many changes there were by now. A cgroup that is made is counted before there is a process
  /// in it.
  func count() async -> UInt64
}
