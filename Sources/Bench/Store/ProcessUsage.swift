import Foundation

/// What the system says a process has used. Linux only; elsewhere the figures are absent.
enum ProcessUsage {
  /// Seconds of processor time of a process and its threads, user and system.
  static func cpuSeconds(of pid: Int32) -> Double? {
    guard let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
      // The second field is the command in brackets, and may itself hold spaces and brackets.
      let command = text.lastIndex(of: ")")
    else { return nil }
    let fields = text[text.index(after: command)...].split(separator: " ")
    guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12])
    else { return nil }
    // The kernel reports in hundredths whatever its own tick is (proc(5), USER_HZ).
    return (user + system) / 100
  }

  /// Bytes resident now (`VmRSS`) or at most so far (`VmHWM`).
  static func memory(_ field: String, of process: String) -> Int? {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
      let line = text.split(separator: "\n").first(where: { $0.hasPrefix(field + ":") }),
      let kibibytes = line.split(whereSeparator: { " \t:".contains($0) }).dropFirst().first
        .flatMap({ Int($0) })
    else { return nil }
    return kibibytes * 1024
  }

  /// Makes `VmHWM` of this process start again from what is resident now (proc(5), clear_refs).
  static func resetOwnPeak() {
    guard let file = FileHandle(forWritingAtPath: "/proc/self/clear_refs") else { return }
    defer { try? file.close() }
    try? file.write(contentsOf: Data("5".utf8))
  }

  /// Processor seconds of this process, or of the calling thread alone.
  static func ownCPUSeconds(threadOnly: Bool) -> Double {
    var time = timespec()
    clock_gettime(threadOnly ? CLOCK_THREAD_CPUTIME_ID : CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// Bytes of all files under a directory: of each its length, or what its blocks take where that is
  /// less, so that neither holes nor the rest of a last block count.
  static func bytes(under directory: URL) -> Int {
    let keys: Set<URLResourceKey> = [
      .fileSizeKey, .fileAllocatedSizeKey, .isRegularFileKey,
    ]
    let files = FileManager.default.enumerator(
      at: directory, includingPropertiesForKeys: Array(keys))
    var total = 0
    while let file = files?.nextObject() as? URL {
      guard let values = try? file.resourceValues(forKeys: keys), values.isRegularFile == true,
        let length = values.fileSize
      else { continue }
      total += min(length, values.fileAllocatedSize ?? length)
    }
    return total
  }
}
