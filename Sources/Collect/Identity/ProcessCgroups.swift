/// The cgroups that a process is in: the text of `/proc/PID/cgroup` (cgroups(7)).
///
/// A runtime's configuration says which cgroup it wished for. Where that is not the one it made (a
/// driver other than the kubelet's), its first process knows.
struct ProcessCgroups: Hashable {
  /// By the order of the lines, the one of the v2 hierarchy first.
  private(set) var paths: [String] = []

  init(text: some StringProtocol) {
    for line in text.split(separator: "\n") {
      // NUMBER:CONTROLLERS:PATH, and a path may have colons.
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3, fields[2].hasPrefix("/") else { continue }
      paths.insert(String(fields[2]), at: fields[0] == "0" ? 0 : paths.count)
    }
  }

  /// The path up to the directory that has the container's id in its name; nil where there is none. A
  /// process may be further down, as where systemd runs in the container.
  func path(ofContainer id: String) -> String? {
    guard !id.isEmpty else { return nil }
    for path in paths {
      let names = path.split(separator: "/", omittingEmptySubsequences: false)
      if let index = names.firstIndex(where: { $0.contains(id) }) {
        return names[...index].joined(separator: "/")
      }
    }
    return nil
  }
}
