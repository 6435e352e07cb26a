/// A memtable that takes no more points and waits to be written to segments.
struct FrozenMemtable: Sendable {
  let table: Memtable
  /// The sequence its segments get: rows of later sequences were written later.
  let sequence: UInt64
  /// WAL files with smaller numbers hold nothing that is not in this memtable or older ones.
  let walFloor: UInt64
  /// What the series log has to have before segments refer to it.
  let newSeries: [UInt32]
  let newFields: [SeriesLog.NewField]
  /// Series ids from here on were not given yet.
  let nextSeries: UInt32
}
