import TimeSeries

@testable import Storage

/// Manifests with each kind of edit and a series log, as files and as records.
func manifestSeeds() -> [[UInt8]] {
  let name = SegmentName(sequence: 7, number: 3, policy: 1)
  let edits: [ManifestEdit] = [
    .addPolicy(id: 1, RetentionPolicy(name: "autogen", partitionDuration: 604_800_000_000_000)),
    .addPolicy(id: 2, RetentionPolicy(name: "week", duration: 100, partitionDuration: 10)),
    .setDefaultPolicy(id: 2), .dropPolicy(id: 1),
    .addSegment(
      SegmentEntry(
        name: name, partitionStart: -10, size: 157, rowCount: 4, timeRange: -5...1 << 60)),
    .removeSegment(name), .setWALFloor(300), .setNextSeries(1 << 20), .setNextSequence(1 << 40),
    .addTombstone(
      Tombstone(series: [1, 2, 700], from: .min, through: .max, upToSequence: 9)),
    .dropTombstones(upToSequence: 9), .dropSeries([0, 5]), .forgetSeries([5]),
  ]
  let index = SeriesIndex()
  for key in [
    SeriesKey(measurement: "cpu", tags: [Tag(key: "host", value: "a b")]),
    SeriesKey(measurement: "m"),
  ] { index.add(key.canonical[...]) }
  index.addField("usage", type: .float, measurement: "cpu")
  index.addField("s", type: .string, measurement: "m")
  let manifest = edits.map { ManifestEdit.encode([$0]) } + [ManifestEdit.encode(edits)]
  let series = SeriesLog.snapshot(of: index)
  return [
    file(Manifest.magic, manifest, mode: 0), file(SeriesLog.magic, series, mode: 1),
    records(manifest, mode: 2), records(series, mode: 3),
  ] + manifest.map { records([$0], mode: 2) }
}

private func file(_ magic: String, _ payloads: [[UInt8]], mode: UInt8) -> [UInt8] {
  [mode] + payloads.reduce(RecordLog.header(magic: magic)) { $0 + RecordLog.frame($1) }
}

private func records(_ payloads: [[UInt8]], mode: UInt8) -> [UInt8] {
  payloads.reduce([mode]) { $0 + [UInt8(clamping: $1.count)] + $1 }
}
