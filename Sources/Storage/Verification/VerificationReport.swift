import SystemPackage

/// What was found in a directory of a store or of backups.
public struct VerificationReport: Sendable, Hashable {
  /// A file that is no damage but belongs to nothing: left by a crash, or somebody else's.
  public struct Leftover: Sendable, Hashable {
    public var path: String
    public var reason: String
  }

  public var databases = 0
  /// Backups; 0 for a store.
  public var backups = 0
  public var segments = 0
  /// Rows in segments and points in write-ahead logs, deleted and overwritten ones included.
  public var points: UInt64 = 0
  /// Of all files that were read.
  public var bytes: UInt64 = 0
  /// Each once.
  public private(set) var problems: [StorageError] = []
  public internal(set) var leftovers: [Leftover] = []
  private var known: Set<StorageError> = []

  public init() {}

  /// One line: what was checked and how much of it is wrong.
  public var summary: String {
    func count(_ number: some BinaryInteger, _ noun: String) -> String {
      "\(number) \(noun)\(number == 1 ? "" : "s")"
    }
    var parts = [count(databases, "database")]
    if backups > 0 { parts.append(count(backups, "backup")) }
    parts += [count(segments, "segment"), count(points, "point"), count(bytes, "byte")]
    return parts.joined(separator: ", ") + " checked: "
      + (problems.isEmpty ? "no damage" : count(problems.count, "problem"))
  }

  mutating func add(_ found: [StorageError]) {
    for problem in found where known.insert(problem).inserted { problems.append(problem) }
  }

  mutating func add(_ error: any Error, path: FilePath) {
    add([.wrapping(error, path: path.string)])
  }

  mutating func addLeftover(_ path: FilePath, _ reason: String) {
    leftovers.append(Leftover(path: path.string, reason: reason))
  }

  mutating func addBytes(of path: FilePath, on fileSystem: any FileSystem) {
    bytes += UInt64((try? fileSystem.size(path)) ?? 0)
  }
}

/// Checks that what an upper layer keeps in a file can be read by it; throws what is wrong.
public typealias ContentCheck =
  @Sendable (
    _ database: String, _ kind: String, _ name: String, _ bytes: [UInt8]
  ) throws -> Void
