import SystemPackage
import TimeSeries

/// What a fuzzer runs: bytes as a WAL file, and past the checksums as a record's payload, all the
/// way into a memtable. It must return, whatever the bytes are.
@_spi(Fuzzing) public func replayArbitraryWAL(_ bytes: UnsafeRawBufferPointer) {
  var reader = WALReader(path: "fuzz.wal")
  try? reader.read(bytes) { payload, _ in replay(payload) }
  replay(Array(bytes))
}

private func replay(_ payload: [UInt8]) {
  guard let (batch, policy) = try? WALRecord.decode(payload) else { return }
  let index = SeriesIndex()
  let plan = WritePlan(batch)
  let admission = WriteAdmission(
    batch, plan, index: index,
    limits: WriteAdmission.Limits(database: "fuzz", series: .max, earliest: .min))
  let memtable = Memtable()
  var targets = [MemtableWriter.Target?](repeating: nil, count: admission.series.count)
  for number in admission.newSeries {
    guard case .admitted(let key) = admission.series[number],
      let id = index.add(key, canonical: batch.bytes(batch.seriesKeys[number])),
      let measurement = index.measurement(of: id)
    else { continue }
    targets[number] = MemtableWriter.Target(id: id, measurement: measurement)
  }
  for field in admission.newFields {
    index.addField(field.name, type: field.type, measurement: field.measurement)
  }
  var writer = MemtableWriter(batch, plan, targets: targets, into: memtable, policy: policy)
  writer.write(accepted: admission.accepted)
}
