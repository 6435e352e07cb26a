import TimeSeries

/// What tests and the fuzzer do with bytes that claim to come from a WAL, all the way into a
/// memtable. It returns, whatever the bytes are.
enum WALFuzzing {
  static func replay(file bytes: UnsafeRawBufferPointer) {
    var reader = WALReader(path: "fuzz.wal")
    try? reader.read(bytes) { payload, _ in replay(payload: payload) }
  }

  /// Past the checksums: `payload` is a record's.
  static func replay(payload: [UInt8]) {
    guard let (batch, policy) = try? WALRecord.decode(payload) else { return }
    let index = SeriesIndex()
    let plan = WritePlan(batch)
    let admission = WriteAdmission(
      batch, plan, index: index,
      limits: WriteAdmission.Limits(
        database: "fuzz", series: .max, fields: .max, earliest: .min))
    let memtable = Memtable()
    var targets = [MemtableWriter.Target?](repeating: nil, count: admission.series.count)
    for number in admission.newSeries {
      guard let new = index.add(batch.bytes(batch.seriesKeys[number])) else { continue }
      targets[number] = MemtableWriter.Target(id: new.id, measurement: new.measurement)
    }
    for field in admission.newFields {
      index.addField(field.name, type: field.type, measurement: field.measurement)
    }
    var writer = MemtableWriter(batch, plan, targets: targets, into: memtable, policy: policy)
    writer.write(accepted: admission.accepted)
  }
}
