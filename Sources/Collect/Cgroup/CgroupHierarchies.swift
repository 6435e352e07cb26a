import Foundation

/// Which cgroup hierarchies are mounted, and which controller is in which.
///
/// A machine has one hierarchy for everything (v2), one for each controller or pair of them (v1),
/// or both (hybrid: v1 for controllers, v2 for names only). Where a controller is in v1, the v2
/// hierarchy does not have it.
public struct CgroupHierarchies: Sendable, Hashable {
  public struct Mount: Sendable, Hashable {
    public var directory: String
    /// The part of the hierarchy that is to be seen there, from the root of this process's cgroup
    /// namespace: `/` for all that is in the namespace, `/../..` for what is two levels above it too.
    public var root: String

    /// The directory of the cgroup at `path`, which counts from the hierarchy's root, as runtimes and
    /// this machine's processes see it; nil where that is not below what is mounted.
    public func directory(of path: String) -> String? {
      if let below = below(root, of: path) { return directory + below }
      // The runtime's root is taken to be the one that is mounted.
      return levelsAbove > 0 ? below("/", of: path).map { directory + $0 } : nil
    }

    /// The path of the cgroup at `name`, which counts from ``directory``: what ``directory(of:)``
    /// takes.
    func path(ofDirectory name: String) -> String {
      root == "/" || levelsAbove > 0 ? name : root + name
    }

    private func below(_ root: String, of path: String) -> Substring? {
      guard path.hasPrefix("/") else { return nil }
      let rest: Substring
      if root == "/" {
        rest = path == "/" ? "" : path[...]
      } else {
        guard path == root || path.hasPrefix(root + "/") else { return nil }
        rest = path.dropFirst(root.count)
      }
      return rest.split(separator: "/").contains("..") ? nil : rest
    }

    /// How far above the root of the namespace ``root`` is.
    fileprivate var levelsAbove: Int {
      let names = root.split(separator: "/")
      return names.allSatisfy { $0 == ".." } ? names.count : 0
    }
  }

  public enum Version: Sendable, Hashable { case v1, v2 }

  public private(set) var unified: Mount?
  /// By controller, such as `memory`.
  public private(set) var legacy: [String: Mount] = [:]

  /// - Parameter mountinfo: the text of `/proc/self/mountinfo` (proc(5)); lines that are not as
  ///   described there are passed over.
  public init(mountinfo: String) {
    for line in mountinfo.split(separator: "\n") {
      let fields = line.split(separator: " ")
      // 31 23 0:28 ROOT MOUNT-POINT OPTIONS [OPTIONAL…] - TYPE SOURCE SUPER-OPTIONS
      guard let separator = fields.firstIndex(of: "-"), separator >= 6,
        fields.count > separator + 3
      else { continue }
      let mount = Mount(directory: Self.unescaped(fields[4]), root: Self.unescaped(fields[3]))
      switch fields[separator + 1] {
      case "cgroup2": Self.prefer(mount, to: &unified)
      case "cgroup":
        for option in fields[separator + 3].split(separator: ",")
        where option != "rw" && option != "ro" {
          Self.prefer(mount, to: &legacy[String(option)])
        }
      default: break
      }
    }
  }

  /// The hierarchies of this machine, as this process sees them.
  public static func current() throws -> CgroupHierarchies {
    CgroupHierarchies(
      mountinfo: try String(contentsOfFile: "/proc/self/mountinfo", encoding: .utf8))
  }

  /// The directory that holds the files of `controller` for a cgroup, and whose they are; nil where
  /// there is no such hierarchy.
  public func directory(
    of path: String, controller: String
  ) -> (version: Version, directory: String)? {
    if let mount = legacy[controller] { return mount.directory(of: path).map { (.v1, $0) } }
    return unified?.directory(of: path).map { (.v2, $0) }
  }

  /// What the kernel calls the cgroup at `path`: the inode of its v2 directory (cgroups(7), and
  /// `bpf_get_current_cgroup_id` in bpf-helpers(7)). Nil where there is no such directory.
  public func id(of path: String) -> UInt64? {
    guard let directory = unified?.directory(of: path) else { return nil }
    return Self.inode(ofDirectory: directory)
  }

  static func inode(ofDirectory directory: String) -> UInt64? {
    var status = stat()
    guard stat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else { return nil }
    return UInt64(status.st_ino)
  }

  /// The same hierarchy may be mounted more than once; the mount that shows most of it counts.
  private static func prefer(_ mount: Mount, to present: inout Mount?) {
    guard let shown = present else {
      present = mount
      return
    }
    if mount.levelsAbove != shown.levelsAbove
      ? mount.levelsAbove > shown.levelsAbove : mount.root.utf8.count < shown.root.utf8.count
    {
      present = mount
    }
  }

  /// Blanks and the like are written as a backslash and three octal digits.
  private static func unescaped(_ field: Substring) -> String {
    guard field.contains("\\") else { return String(field) }
    var bytes: [UInt8] = []
    var rest = Array(field.utf8)[...]
    while let byte = rest.popFirst() {
      let digits = rest.prefix(3)
      if byte == UInt8(ascii: "\\"), digits.count == 3,
        let character = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
      {
        bytes.append(character)
        rest.removeFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
