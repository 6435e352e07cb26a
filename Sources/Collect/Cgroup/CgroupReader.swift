import Foundation

/// Reads the cgroup of a container, so that tests need none.
public protocol CgroupReader: Sendable {
  /// Nil where the container's cgroup is not there, or is another one by now.
  func sample(of container: ContainerRecord) -> CgroupSample?
}

/// What a container's cgroup says at one moment.
public struct CgroupSample: Sendable, Hashable {
  public var readings: CgroupReadings
  /// The ids of the cgroups below the container's, which a container that runs systemd, or
  /// containers of its own, has: what is counted in them is the container's doing.
  public var nested: [UInt64]

  public init(readings: CgroupReadings, nested: [UInt64] = []) {
    self.readings = readings
    self.nested = nested
  }
}

/// Reads the files of this machine.
public struct CgroupFileReader: CgroupReader {
  private let hierarchies: CgroupHierarchies
  private static let maximumDepth = 16
  private static let maximumNested = 4096

  public init(hierarchies: CgroupHierarchies) { self.hierarchies = hierarchies }

  public func sample(of container: ContainerRecord) -> CgroupSample? {
    var nested: [UInt64] = []
    if let id = container.cgroupID {
      var status = stat()
      guard let directory = hierarchies.unified?.directory(of: container.cgroupPath),
        stat(directory, &status) == 0, status.st_ino == id
      else { return nil }
      if status.st_nlink > 2 { Self.collect(below: directory, depth: 0, into: &nested) }
    }
    let readings = CgroupReadings(of: container.cgroupPath, in: hierarchies)
    return readings == CgroupReadings() ? nil : CgroupSample(readings: readings, nested: nested)
  }

  private static func collect(below directory: String, depth: Int, into ids: inout [UInt64]) {
    guard depth < maximumDepth else { return }
    for name in PseudoFile.subdirectories(of: directory) ?? [] {
      guard ids.count < maximumNested else { return }
      let path = directory + "/" + name
      var status = stat()
      guard lstat(path, &status) == 0 else { continue }
      ids.append(UInt64(status.st_ino))
      // The links of a cgroup's directory are itself, its name and its subdirectories.
      if status.st_nlink > 2 { collect(below: path, depth: depth + 1, into: &ids) }
    }
  }
}
