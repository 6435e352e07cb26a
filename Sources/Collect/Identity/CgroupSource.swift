import Foundation

/// The containers as far as cgroup paths tell of them, for machines whose runtime cannot be asked.
///
/// A directory counts as a container's if its name is one that runtimes give: 64 hexadecimal digits,
/// or systemd's scope around them (`cri-containerd-…`, `docker-…`, `crio-…`, `libpod-…`). Of its pod
/// only the uid can be known. A pod's sandbox looks like any container. What is below a container's
/// directory belongs to it.
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
  private let root: String
  private let node: String
  private let pattern: String?
  private static let maximumDepth = 32
  private static let maximumDirectories = 100_000

  /// - Parameters:
  ///   - root: where the cgroup v2 hierarchy is mounted.
  ///   - pattern: paths from there (glob(7), a star stops at slashes) that are taken for containers
  ///     instead of those with a runtime's names: `/system.slice/*.service`.
  public init(root: String, node: String, pattern: String? = nil) {
    self.root = root
    self.node = node
    self.pattern = pattern
  }

  /// Throws ``Failure``. A cgroup that goes away meanwhile is no error.
  public func snapshot() async throws -> RuntimeSnapshot {
    var snapshot = RuntimeSnapshot()
    var visited = 0
    guard let top = PseudoFile.subdirectories(of: root) else {
      throw Failure.unreadable(directory: root)
    }
    var pending = top.map { (path: "/" + $0, depth: 1) }
    while let (path, depth) = pending.popLast() {
      visited += 1
      guard visited <= Self.maximumDirectories else {
        throw Failure.tooManyDirectories(limit: Self.maximumDirectories)
      }
      guard let id = containerID(ofCgroup: path) else {
        if depth < Self.maximumDepth {
          pending += (PseudoFile.subdirectories(of: root + path) ?? []).map {
            (path + "/" + $0, depth + 1)
          }
        }
        continue
      }
      // Empty while the runtime sets it up, and when the container has ended.
      guard let pid = Self.firstProcess(below: root + path, depth: 0),
        let inode = CgroupHierarchies.inode(ofDirectory: root + path)
      else { continue }
      let uid = Self.podUID(inCgroup: path) ?? ""
      snapshot.containers.append(
        ContainerRecord(
          id: id, name: pattern == nil ? String(id.prefix(12)) : id, podUID: uid, pod: uid,
          node: node, pid: pid, cgroupPath: path, cgroupID: inode))
    }
    snapshot.containers.sort { $0.cgroupPath < $1.cgroupPath }
    return snapshot
  }

  private func containerID(ofCgroup path: String) -> String? {
    if let pattern {
      return fnmatch(pattern, path, FNM_PATHNAME) == 0 ? String(path.dropFirst()) : nil
    }
    return Self.containerID(ofDirectory: path.split(separator: "/").last ?? "")
  }

  /// The runtime's id in the name of a container's directory; nil for any other directory.
  static func containerID(ofDirectory name: Substring) -> String? {
    var id = name
    if name.hasSuffix(".scope") {
      guard
        let prefix = ["cri-containerd-", "docker-", "crio-", "libpod-"].first(where: {
          name.hasPrefix($0)
        })
      else { return nil }
      id = name.dropFirst(prefix.count).dropLast(".scope".count)
    }
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    let letters = UInt8(ascii: "a")...UInt8(ascii: "f")
    guard id.utf8.count == 64,
      id.utf8.allSatisfy({ digits.contains($0) || letters.contains($0) })
    else { return nil }
    return String(id)
  }

  /// The uid of the pod in a directory above the container's: `pod<uid>`, or in systemd's names
  /// `kubepods-…-pod<uid>.slice`, where the uid's dashes are underscores.
  static func podUID(inCgroup path: String) -> String? {
    for name in path.split(separator: "/").dropLast().reversed() {
      if name.hasPrefix("kubepods"), name.hasSuffix(".slice"),
        let part = name.dropLast(".slice".count).split(separator: "-").last, part.hasPrefix("pod"),
        part.count > "pod".count
      {
        return part.dropFirst("pod".count).replacingOccurrences(of: "_", with: "-")
      }
      if name.hasPrefix("pod"), !name.hasSuffix(".slice"), name.count > "pod".count {
        return String(name.dropFirst("pod".count))
      }
    }
    return nil
  }

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
