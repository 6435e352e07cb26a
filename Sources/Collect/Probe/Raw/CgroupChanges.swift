/// Counts in the kernel how many cgroups are made and removed, in all hierarchies and of everybody.
///
/// The kernel passes both tracepoints under its lock of all cgroups, so that none comes while the
/// program runs already, where it would be passed over; and that of a new cgroup before it shows it
/// to anybody.
actor CgroupChanges: ChangeCounter {
  private let counter: TracepointCounter

  /// Attaches to the kernel's raw tracepoints.
  ///
  /// - Throws: ``BPFError``: not permitted, or a kernel older than 5.5.
  init() throws(BPFError) { counter = try TracepointCounter(["cgroup_mkdir", "cgroup_rmdir"]) }

  func count() -> UInt64 { counter.value }
}
