import TimeSeries

/// What a write or a deletion touched, for those who keep derived series up to date.
public struct WriteNotice: Sendable, Hashable {
  public var database: String
  public var retentionPolicy: String
  public var measurement: String
  /// From the earliest to the latest point touched.
  public var timeRange: ClosedRange<Timestamp>

  public init(
    database: String, retentionPolicy: String, measurement: String,
    timeRange: ClosedRange<Timestamp>
  ) {
    self.database = database
    self.retentionPolicy = retentionPolicy
    self.measurement = measurement
    self.timeRange = timeRange
  }
}

extension DatabaseStore {
  /// The write path: look through, decide, log, put into the memtable, wait for the sync.
  func write(_ batch: PointBatch, policyName: String?) throws -> (WriteOutcome, [WriteNotice]) {
    let plan = WritePlan(batch)
    let policy = try monitor.withLock {
      guard !isClosed else { throw StorageError.closed }
      return try self.policy(named: policyName)
    }
    if batch.isEmpty { return (WriteOutcome(), []) }
    // Packed before the lock is taken, on the bet that every point will be accepted.
    let record = try WALRecord.encode(batch, plan, policy: policy.id, accepted: nil)
    let (outcome, notices, ticket) = try monitor.withLock {
      try writeLocked(batch, plan, record, policyName: policyName, encodedPolicy: policy.id)
    }
    if let ticket, options.syncPolicy == .always { try waitUntilDurable(ticket) }
    if !options.usesBackgroundThreads { flushFrozenHere() }
    return (outcome, notices)
  }

  private func writeLocked(
    _ batch: PointBatch, _ plan: WritePlan, _ record: WALRecord.Encoded, policyName: String?,
    encodedPolicy: UInt32
  ) throws -> (WriteOutcome, [WriteNotice], ticket: UInt64?) {
    try waitForRoom()
    guard options.isInPlace() else { throw StorageError.replaced(path: layout.root.string) }
    let policy = try self.policy(named: policyName)
    let admission = WriteAdmission(
      batch, plan, index: index,
      limits: WriteAdmission.Limits(
        database: name, series: options.seriesLimit, fields: options.fieldLimit,
        earliest: policy.policy.earliest(now: options.now())))
    guard admission.outcome.acceptedPoints > 0 else { return (admission.outcome, [], nil) }
    let isAsEncoded = admission.accepted == nil && policy.id == encodedPolicy
    let ticket = try appendToWAL(
      isAsEncoded
        ? record
        : WALRecord.encode(batch, plan, policy: policy.id, accepted: admission.accepted))
    let touched = apply(batch, plan, admission, policy: policy.id)
    let notices = touched.map {
      WriteNotice(
        database: name, retentionPolicy: policy.policy.name, measurement: $0.key,
        timeRange: $0.value)
    }
    if active.byteCount > options.memtableLimit { freeze(above: options.memtableLimit) }
    return (admission.outcome, notices, ticket)
  }

  /// Takes what a batch brings into the index and the memtable.
  func apply(
    _ batch: PointBatch, _ plan: WritePlan, _ admission: WriteAdmission, policy: UInt32
  ) -> [String: ClosedRange<Timestamp>] {
    var targets: [MemtableWriter.Target?] = admission.series.map { series in
      guard case .known(let id, let measurement) = series else { return nil }
      return MemtableWriter.Target(id: id, measurement: measurement)
    }
    for number in admission.newSeries {
      guard let new = index.add(batch.bytes(batch.seriesKeys[number])) else { continue }
      pendingSeries.append(new.id)
      targets[number] = MemtableWriter.Target(id: new.id, measurement: new.measurement)
    }
    for field in admission.newFields {
      index.addField(field.name, type: field.type, measurement: field.measurement)
      pendingFields.append(field)
    }
    var writer = MemtableWriter(batch, plan, targets: targets, into: active, policy: policy)
    writer.write(accepted: admission.accepted)
    return writer.touched
  }

  /// Waits while a deletion is under way or too much waits to be flushed; `monitor` is held.
  private func waitForRoom() throws {
    var failedAttempts = 0
    while true {
      guard !isClosed else { throw StorageError.closed }
      let isFull = frozen.count >= Self.frozenLimit && active.byteCount > options.memtableLimit / 2
      if !isGateClosed && !isFull { return }
      // Without threads nobody else would make room.
      if isFull && !options.usesBackgroundThreads {
        monitor.unlock()
        flushFrozenHere()
        monitor.lock()
        if let flushFailure, frozen.count >= Self.frozenLimit { throw flushFailure }
        continue
      }
      // A disk that stays full must not keep writers for ever: they see one more attempt fail.
      if isFull, let flushFailure, failedAttempts > 0 { throw flushFailure }
      let attempts = flushAttempts
      if isFull { wake() }
      monitor.wait()
      if flushAttempts != attempts, flushFailure != nil { failedAttempts += 1 }
    }
  }
}

extension RetentionPolicy {
  /// Points before this are not kept.
  func earliest(now: Timestamp) -> Timestamp {
    guard duration > 0 else { return .min }
    let (earliest, overflow) = now.subtractingReportingOverflow(duration)
    return overflow ? .min : earliest
  }
}
