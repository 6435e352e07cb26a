import TestSupport
import TimeSeries

@testable import Storage

/// What a whole data directory should hold, kept the simplest way.
struct DirectoryModel: Hashable {
  struct Contents: Hashable {
    /// Names, the default one first, the others sorted.
    var policies = ["autogen"]
    var rows = StoreModel()
    /// By kind and name.
    var files: [String: [UInt8]] = [:]
  }

  var databases: [String: Contents] = [:]

  init() {}

  /// What an engine shows.
  init(of engine: StorageEngine) throws {
    for name in engine.databases {
      guard let snapshot = engine.snapshot(of: name),
        let policies = engine.retentionPolicies(of: name)
      else { throw ContractBroken(what: "a database is listed and not there") }
      var contents = Contents()
      contents.policies = [policies[0].name] + policies.dropFirst().map(\.name).sorted()
      for policy in policies {
        let cells = try snapshot.cells(retentionPolicy: policy.name)
        if !cells.isEmpty { contents.rows.cells[policy.name] = cells }
      }
      for kind in ["models", "continuous-queries"] {
        for file in try engine.listFiles(kind: kind, in: name) {
          contents.files["\(kind)/\(file)"] = try engine.loadFile(kind: kind, name: file, in: name)
        }
      }
      databases[name] = contents
    }
  }

  mutating func apply(_ step: CrashStep, now: Timestamp) { step.apply(to: &self, now: now) }

  /// Databases, policies and files: what is durable once acknowledged, whatever the sync policy.
  var definitions: DirectoryModel {
    var copy = self
    for name in databases.keys { copy.databases[name]?.rows = StoreModel() }
    return copy
  }

  /// The rows of a database in those of its policies that `other` has, too.
  func rows(of database: String, in other: DirectoryModel) -> [String: [Cell: FieldValue]] {
    let policies = other.databases[database]?.policies ?? []
    return (databases[database]?.rows.cells ?? [:]).filter {
      policies.contains($0.key) && !$0.value.isEmpty
    }
  }
}

/// One call of a store, and what it should do.
enum CrashStep {
  case createDatabase(String)
  case dropDatabase(String)
  case createPolicy(String, isDefault: Bool)
  case dropPolicy(String)
  case write([TestPoint], policy: String, database: String)
  case flush(String)
  case compactWhatIsDue
  case compact
  case delete(key: String, from: Timestamp, through: Timestamp)
  case dropSeries(key: String)
  case dropMeasurement(String)
  /// The clock moves on, and what is older than "short" keeps goes.
  case enforceRetention
  case storeFile(kind: String, name: String, bytes: [UInt8])
  case removeFile(kind: String, name: String)

  /// How long "short" keeps its points.
  static let day = StoreModel.day
  /// Where the clock stands once retention was enforced: the points of day 0 are too old.
  static let later = day + day * 3 / 4

  static func policy(_ name: String) -> RetentionPolicy {
    name == "autogen"
      ? RetentionPolicy(name: RetentionPolicy.automaticName)
      : RetentionPolicy(name: name, duration: name == "short" ? day : 0, partitionDuration: day / 2)
  }

  /// Databases of which nothing written before counts any more once this step returned.
  var settles: String? {
    switch self {
    case .createDatabase(let name), .dropDatabase(let name), .flush(let name): name
    case .compact, .delete, .dropSeries, .dropMeasurement, .enforceRetention: "db"
    default: nil
    }
  }

  func apply(to model: inout DirectoryModel, now: Timestamp) {
    func change(_ name: String = "db", _ body: (inout DirectoryModel.Contents) -> Void) {
      if var contents = model.databases[name] {
        body(&contents)
        model.databases[name] = contents
      }
    }
    switch self {
    case .createDatabase(let name): model.databases[name] = model.databases[name] ?? .init()
    case .dropDatabase(let name): model.databases[name] = nil
    case .createPolicy(let name, let isDefault):
      change {
        let known = $0.policies.filter { $0 != name }
        $0.policies =
          isDefault ? [name] + known.sorted() : [known[0]] + (known.dropFirst() + [name]).sorted()
      }
    case .dropPolicy(let name):
      change {
        $0.policies.removeAll { $0 == name }
        $0.rows.cells[name] = nil
      }
    case .write(let points, let policy, let database):
      let kept = points.filter { policy != "short" || $0.time >= now - Self.day }
      change(database) { $0.rows.write(kept, policy: policy) }
    case .flush, .compactWhatIsDue, .compact: break
    case .delete(let key, let from, let through):
      change { $0.rows.delete(key: key, from: from, through: through) }
    case .dropSeries(let key): change { $0.rows.delete(key: key, from: .min, through: .max) }
    case .dropMeasurement(let name): change { $0.rows.dropMeasurement(name) }
    case .enforceRetention:
      change {
        $0.rows.cells["short"] = $0.rows.cells["short"]?.filter {
          $0.key.time >= Self.later - Self.day
        }
      }
    case .storeFile(let kind, let name, let bytes): change { $0.files["\(kind)/\(name)"] = bytes }
    case .removeFile(let kind, let name): change { $0.files["\(kind)/\(name)"] = nil }
    }
  }

  func perform(on engine: StorageEngine, clock: TestClock) throws {
    func series(of key: String) -> [SeriesID] {
      engine.snapshot(of: "db")?.series(of: StoreModel.measurement(key), matching: nil)
        .filter { $0.key.description == key }.map(\.id) ?? []
    }
    switch self {
    case .createDatabase(let name): try engine.createDatabase(name)
    case .dropDatabase(let name): try engine.dropDatabase(name)
    case .createPolicy(let name, let isDefault):
      try engine.createRetentionPolicy(Self.policy(name), in: "db", isDefault: isDefault)
    case .dropPolicy(let name): try engine.dropRetentionPolicy(name, in: "db")
    case .write(let points, let policy, let database):
      _ = try engine.write(PointBatch(points), to: database, retentionPolicy: policy)
    case .flush(let name): try engine.flush(name)
    case .compactWhatIsDue:
      // Work for the background: a failure is tried again later, nobody is told.
      _ = try engine.store("db").compactWhatIsDue()
    case .compact: try engine.compact("db")
    case .delete(let key, let from, let through):
      try engine.delete(series(of: key), from: from, through: through, in: "db")
    case .dropSeries(let key): try engine.dropSeries(series(of: key), in: "db")
    case .dropMeasurement(let name): try engine.dropMeasurement(name, in: "db")
    case .enforceRetention:
      try engine.flush("db")
      clock.now = Self.later
      try engine.enforceRetention()
    case .storeFile(let kind, let name, let bytes):
      try engine.storeFile(kind: kind, name: name, bytes: bytes, in: "db")
    case .removeFile(let kind, let name): try engine.removeFile(kind: kind, name: name, in: "db")
    }
  }
}

/// What a store of a test takes for the time.
final class TestClock: @unchecked Sendable {
  private let monitor = Monitor()
  private var time: Timestamp = 0

  var now: Timestamp {
    get { monitor.withLock { time } }
    set { monitor.withLock { time = newValue } }
  }
}

extension CrashStep {
  /// A history that has all there is: threads of steps, each in its order, woven by the seed.
  static func workload(seed: UInt64) -> [CrashStep] {
    var source = PointSource(generator: SeededGenerator(seed: seed), days: 0...1)
    func writes(_ count: Int, policy: String = "autogen", database: String = "db") -> [CrashStep] {
      (0..<count).map { _ in .write(source.points(atMost: 4), policy: policy, database: database) }
    }
    let models = "models"
    let queries = "continuous-queries"
    func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(source.number(0...255)) } }
    func write(_ key: String, _ fields: [(String, FieldValue)]) -> CrashStep {
      .write([TestPoint(key, 1, fields)], policy: "autogen", database: "db")
    }
    var threads: [[CrashStep]] = [
      writes(2) + [.flush("db")] + writes(2) + [.flush("db")] + writes(1) + [.flush("db")]
        + writes(1) + [.compactWhatIsDue] + writes(1) + [.compact],
      writes(2) + [.delete(key: "m,host=a", from: 0, through: 30)] + writes(1)
        + [.dropSeries(key: "m,host=b")] + writes(1) + [.dropMeasurement("n")] + writes(1),
      // A measurement loses the series that its fields came with, then all; and comes back.
      [
        write("k,host=a", [("v", .float(1)), ("w", .float(1))]),
        write("k,host=b", [("v", .float(2))]),
        .dropSeries(key: "k,host=a"), write("k,host=c", [("w", .float(3))]),
        .dropMeasurement("k"), write("k,host=a", [("v", .string("x"))]), .flush("db"),
        write("k,host=b", [("v", .string("y")), ("x", .boolean(true))]),
      ],
      [.createPolicy("short", isDefault: false)] + writes(2, policy: "short") + [.enforceRetention]
        + writes(1, policy: "short"),
      [.createPolicy("extra", isDefault: false)] + writes(1, policy: "extra")
        + [.createPolicy("extra", isDefault: true), .createPolicy("autogen", isDefault: true)]
        + [.dropPolicy("extra")],
      [.createDatabase("other")] + writes(1, database: "other") + [.flush("other")]
        + writes(1, database: "other") + [.dropDatabase("other"), .createDatabase("other")]
        + writes(1, database: "other"),
      [
        .storeFile(kind: models, name: "a", bytes: bytes(90)),
        .storeFile(kind: queries, name: "q/1", bytes: bytes(40)),
        .storeFile(kind: models, name: "a", bytes: bytes(120)),
        .storeFile(kind: queries, name: "q/1", bytes: bytes(10)),
        .removeFile(kind: models, name: "a"), .removeFile(kind: queries, name: "q/1"),
        .storeFile(kind: models, name: "a", bytes: bytes(5)),
      ],
    ]
    var steps: [CrashStep] = [.createDatabase("db")]
    while !threads.isEmpty {
      let thread = source.number(0...(threads.count - 1))
      steps.append(threads[thread].removeFirst())
      if threads[thread].isEmpty { threads.remove(at: thread) }
    }
    return steps
  }
}
