import Foundation

/// Who is asked which containers there are.
public enum RuntimeChoice: Sendable, Hashable {
  /// The first of the runtimes' usual sockets that is there, else `crictl` if it is installed, else
  /// the cgroups' paths.
  case automatic
  /// The path of a runtime's socket.
  case cri(String)
  /// The path of `crictl`, or its name.
  case crictl(String)
  /// A pattern of paths that are containers' (see ``CgroupSource``); nil for runtimes' usual names.
  case cgroup(String?)

  /// Where runtimes have their sockets.
  public static let usualSockets = [
    "/run/containerd/containerd.sock", "/run/crio/crio.sock", "/var/run/cri-dockerd.sock",
  ]

  /// The choice in place of ``automatic``.
  ///
  /// - Parameter isThere: whether there is something at a path.
  func resolved(
    searchPath: String, isThere: (String) -> Bool = { access($0, F_OK) == 0 }
  ) -> RuntimeChoice {
    guard self == .automatic else { return self }
    if let socket = Self.usualSockets.first(where: isThere) { return .cri(socket) }
    if let path = Self.find("crictl", along: searchPath, isThere: isThere) { return .crictl(path) }
    return .cgroup(nil)
  }

  private static func find(
    _ name: String, along searchPath: String, isThere: (String) -> Bool
  ) -> String? {
    searchPath.split(separator: ":").map { "\($0)/\(name)" }.first(where: isThere)
  }

  /// Whether what it tells changes only where cgroups come or go. Cgroups that are taken for
  /// containers count as such only while there are processes in them, which may change alone.
  var changesWithCgroups: Bool {
    switch self {
    case .cri, .crictl: true
    case .cgroup, .automatic: false
    }
  }

  /// - Throws: ``Unusable``, `CRIFailure`.
  func source(
    node: String, hierarchies: CgroupHierarchies, searchPath: String
  ) throws -> any RuntimeSource {
    switch self {
    case .automatic:
      return try resolved(searchPath: searchPath).source(
        node: node, hierarchies: hierarchies, searchPath: searchPath)
    case .cri(let socket):
      return try CRISource(
        endpoint: socket, node: node, cgroupID: { hierarchies.id(of: $0) },
        cgroupsOfProcess: Self.cgroups(ofProcess:))
    case .crictl(let name):
      let isThere = { (path: String) in access(path, X_OK) == 0 }
      let path =
        name.contains("/") ? name : Self.find(name, along: searchPath, isThere: isThere) ?? name
      guard isThere(path) else { throw Unusable(description: "\(name): no such program") }
      return CrictlSource(
        path: path, node: node, cgroupID: { hierarchies.id(of: $0) },
        cgroupsOfProcess: Self.cgroups(ofProcess:))
    case .cgroup(let pattern):
      guard let source = CgroupSource(hierarchies: hierarchies, node: node, pattern: pattern) else {
        throw Unusable(description: "no cgroup hierarchy is mounted")
      }
      return source
    }
  }

  private static func cgroups(ofProcess pid: Int32) -> String? {
    PseudoFile.text("/proc/\(pid)/cgroup").map(String.init)
  }

  /// A choice that this machine does not have.
  struct Unusable: Error, Hashable, CustomStringConvertible {
    var description: String
  }
}
