/// What the name of a cgroup's directory says, as far as container runtimes give names.
///
/// The runtime's id of a container is 64 hexadecimal digits. Around it are
/// - nothing (containerd, Docker and cri-dockerd with the cgroupfs driver);
/// - `PREFIX-` and `.scope` (any of them with the systemd driver);
/// - `crio-`, `libpod-` or `libpod-payload-` (CRI-O and podman with cgroupfs);
/// - `SLICE:PREFIX:`, where the kubelet's driver is systemd and the runtime's is not: runc then takes
///   the text that was meant for systemd as a path.
enum CgroupName: Hashable {
  case container(id: String)
  /// A pod of podman's with the cgroupfs driver.
  case pod(id: String)
  /// A container's id is in it, and what it is is not known.
  case unknown
  /// No container's: slices, services, and what a runtime runs besides its containers.
  case other

  /// - Parameter parent: the name of the directory above; empty at the root.
  init(_ name: Substring, in parent: Substring) {
    guard let id = Self.id(in: name) else {
      self = .other
      return
    }
    let before = name[..<id.startIndex]
    let after = name[id.endIndex...]
    let isScoped = Self.runtimes.contains {
      before.hasSuffix("-") && before.dropLast() == $0
    }
    let isMixed =
      before.hasSuffix(":")
      && Self.runtimes.contains { before.dropLast().hasSuffix(":" + $0) }
    switch after {
    case "" where before.isEmpty && parent == "libpod_parent": self = .pod(id: String(id))
    case "" where before.isEmpty || isMixed || Self.bare.contains(before),
      ".scope" where isScoped:
      self = .container(id: String(id))
    case _ where Self.monitors.contains(before) && (after.isEmpty || after == ".scope"),
      // Podman's health checks.
      _ where before.isEmpty && after.hasSuffix(".service"),
      // Podman's pods, and what systemd mounts for a runtime.
      _ where after == ".slice" || after.hasSuffix(".mount"):
      self = .other
    default: self = .unknown
    }
  }

  /// What systemd's units are named after, and the second part of `SLICE:PREFIX:ID`.
  private static let runtimes = [
    "cri-containerd", "docker", "crio", "libpod", "libpod-payload", "nerdctl",
  ]
  private static let bare: Set<Substring> = ["crio-", "libpod-", "libpod-payload-"]
  /// conmon is a container's parent process, in a cgroup of its own.
  private static let monitors: Set<Substring> = ["crio-conmon-", "libpod-conmon-"]

  /// The first run of exactly 64 hexadecimal digits.
  private static func id(in name: Substring) -> Substring? {
    let bytes = name.utf8
    var start = bytes.startIndex
    while let first = bytes[start...].firstIndex(where: isDigit) {
      let end = bytes[first...].firstIndex { !isDigit($0) } ?? bytes.endIndex
      if bytes[first..<end].count == 64 { return name[first..<end] }
      start = end
    }
    return nil
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }

  /// `path` with ids (64 or 32 hexadecimal digits, dashes and underscores among them) as `<id>`: equal
  /// for cgroups that were named in the same way.
  static func layout(of path: String) -> String {
    var text = ""
    var run: [UInt8] = []
    func end() {
      text += isLong(run) ? withID(run) : String(decoding: run, as: UTF8.self)
      run = []
    }
    for character in path {
      if let byte = character.asciiValue, isDigit(byte) || isSeparator(byte) {
        run.append(byte)
      } else {
        end()
        text.append(character)
      }
    }
    end()
    return text
  }

  private static func isSeparator(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_")
  }

  private static func isLong(_ run: [UInt8]) -> Bool { run.count(where: isDigit) >= 32 }

  /// The last digits are the id's: the `d` of `pod<uid>` looks like one more.
  private static func withID(_ run: [UInt8]) -> String {
    let tail = run.reversed().prefix(while: isSeparator).count
    var remaining = run.count(where: isDigit) >= 64 ? 64 : 32
    var start = run.endIndex
    while remaining > 0 {
      start -= 1
      if isDigit(run[start]) { remaining -= 1 }
    }
    return String(decoding: run[..<start], as: UTF8.self) + "<id>"
      + String(decoding: run.suffix(tail), as: UTF8.self)
  }
}
