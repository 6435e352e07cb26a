import TimeSeries

/// Everything that was read of an interval, until it can be said whose it is.
struct SampledInterval: Sendable {
  /// The grid times; `start` is the timestamp of the rows.
  var start: Timestamp
  var end: Timestamp
  /// From when the reading at `start` was begun to when the one at `end` was complete: whoever had
  /// a cgroup at some time in here may have caused counts of the interval.
  var span: Range<Timestamp>
  /// Of the containers known at the start and at the end.
  var before: [ContainerSample.Key: ContainerSample]
  var after: [ContainerSample.Key: ContainerSample]
  var counts: KernelCounts
  /// What the collector had used by the end.
  var usage: ProcessUsage
  /// Nanoseconds from the end until all was read.
  var lag: Int64
}

/// What a container's cgroup said at a grid time.
struct ContainerSample: Sendable, Hashable {
  /// A container's id may be that of a path, at which cgroups may follow one another.
  struct Key: Sendable, Hashable {
    var containerID: String
    var cgroupID: UInt64?

    init(_ container: ContainerRecord) {
      containerID = container.id
      cgroupID = container.cgroupID
    }
  }

  var container: ContainerRecord
  var sample: CgroupSample
}
