import Foundation

/// The containers as far as cgroup paths tell of them, for machines whose runtime cannot be asked.
///
/// A directory counts as a container's if its name is one that runtimes give (``CgroupName``). Of its
/// pod only the uid can be known (``CgroupPod``). A pod's sandbox looks like any container. What is
/// below a container's directory belongs to it, unless it is another container's, as under Docker in
/// Docker and kind.
///
/// The v2 hierarchy is looked through, and then the v1 hierarchy that has the readings, if there is
/// one: older runtimes make no v2 directory on hybrid machines. What is found there alone has no
/// cgroup id.
public struct CgroupSource: RuntimeSource {
  public enum Failure: Error, Hashable, CustomStringConvertible {
    case unreadable(directory: String)
    case tooManyDirectories(limit: Int)

    public var description: String {
      switch self {
      case .unreadable(let directory): "\(directory): cannot be listed"
      case .tooManyDirectories(let limit): "more than \(limit) cgroups"
      }
    }
  }

  public var name: String { "cgroup" }
  private let mounts: [CgroupHierarchies.Mount]
  private let unified: CgroupHierarchies.Mount?
  private let node: String
  private let pattern: String?
  private static let maximumDepth = 32
  private static let maximumDirectories = 100_000
  private static let maximumUnknown = 100

  /// - Parameter pattern: paths (glob(7), a star stops at slashes) that are taken for containers
  ///     instead of those with a runtime's names: `/system.slice/*.service`.
  /// - Returns: Nil where no hierarchy is mounted that has readings or ids.
  public init?(hierarchies: CgroupHierarchies, node: String, pattern: String? = nil) {
    unified = hierarchies.unified
    mounts = [unified, hierarchies.legacy["cpuacct"] ?? hierarchies.legacy["memory"]]
      .compactMap { $0 }
    if mounts.isEmpty { return nil }
    self.node = node
    self.pattern = pattern
  }

  /// Throws ``Failure``. A cgroup that goes away meanwhile is no error.
  public func snapshot() async throws -> RuntimeSnapshot {
    var snapshot = RuntimeSnapshot()
    var found: Set<String> = []
    for mount in mounts {
      try walk(mount) { path, directory in
        let container: String
        switch name(ofCgroup: path) {
        case .container(let id): container = id
        case .unknown:
          if snapshot.unknownCgroups.count < Self.maximumUnknown,
            Self.firstProcess(below: directory, depth: 0) != nil
          {
            snapshot.unknownCgroups.insert(CgroupName.layout(of: path))
          }
          return true
        case .pod, .other: return true
        }
        // Empty while the runtime sets it up, and when the container has ended.
        guard let pid = Self.firstProcess(below: directory, depth: 0) else { return false }
        if found.insert(path).inserted {
          let inode = mount == unified ? CgroupHierarchies.inode(ofDirectory: directory) : nil
          guard inode != nil || mount != unified else { return false }
          let record = record(id: container, pid: pid, path: path, cgroupID: inode)
          if record.podUID.isEmpty, path.contains("kubepods"),
            snapshot.unknownCgroups.count < Self.maximumUnknown
          {
            snapshot.unknownCgroups.insert(CgroupName.layout(of: path))
          }
          snapshot.containers.append(record)
        }
        return pattern == nil
      }
    }
    snapshot.containers.sort { $0.cgroupPath < $1.cgroupPath }
    return snapshot
  }

  /// - Parameter visit: takes a cgroup's path and directory, and says whether to go on below.
  private func walk(
    _ mount: CgroupHierarchies.Mount, visit: (_ path: String, _ directory: String) -> Bool
  ) throws {
    guard let top = PseudoFile.subdirectories(of: mount.directory) else {
      throw Failure.unreadable(directory: mount.directory)
    }
    var visited = 0
    var pending = top.map { (name: "/" + $0, depth: 1) }
    while let (name, depth) = pending.popLast() {
      visited += 1
      guard visited <= Self.maximumDirectories else {
        throw Failure.tooManyDirectories(limit: Self.maximumDirectories)
      }
      let directory = mount.directory + name
      guard visit(mount.path(ofDirectory: name), directory), depth < Self.maximumDepth else {
        continue
      }
      pending += (PseudoFile.subdirectories(of: directory) ?? []).map {
        (name + "/" + $0, depth + 1)
      }
    }
  }

  private func name(ofCgroup path: String) -> CgroupName {
    if let pattern {
      return fnmatch(pattern, path, FNM_PATHNAME) == 0
        ? .container(id: String(path.dropFirst())) : .other
    }
    let names = path.split(separator: "/").suffix(2)
    return CgroupName(names.last ?? "", in: names.count == 2 ? names.first ?? "" : "")
  }

  private func record(id: String, pid: Int32, path: String, cgroupID: UInt64?) -> ContainerRecord {
    var record = ContainerRecord(
      id: id, name: pattern == nil ? Self.shortened(id) : id, node: node, pid: pid,
      cgroupPath: path, cgroupID: cgroupID)
    switch CgroupPod(inPath: path) {
    case .kubernetes(let uid): (record.podUID, record.pod) = (uid, uid)
    case .podman(let id): (record.podID, record.pod) = (id, Self.shortened(id))
    case nil: break
    }
    return record
  }

  /// As `docker ps` and `podman pod ps` show ids.
  private static func shortened(_ id: String) -> String { String(id.prefix(12)) }

  /// A container that runs systemd has its processes in cgroups of its own below.
  private static func firstProcess(below directory: String, depth: Int) -> Int32? {
    let pids = PseudoFile.text(directory + "/cgroup.procs", limit: 1 << 20)?.split(separator: "\n")
    // 0 stands for a process of another pid namespace.
    if let pid = pids?.compactMap({ Int32($0) }).filter({ $0 > 0 }).min() { return pid }
    guard depth < maximumDepth else { return nil }
    for name in PseudoFile.subdirectories(of: directory) ?? [] {
      if let pid = firstProcess(below: directory + "/" + name, depth: depth + 1) { return pid }
    }
    return nil
  }
}
