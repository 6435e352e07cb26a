import Foundation

/// How ``BpftraceProbe`` runs bpftrace.
public struct BpftraceSettings: Sendable, Hashable {
  /// What bpftrace can count.
  public static let allParameters: Set<Parameter> = [
    .systemCalls, .mmapCalls, .pageFaults, .blockRequests, .fileAccess, .processLifecycleEvents,
  ]

  /// A path, or a name that is looked for along `PATH`.
  public var executable = "bpftrace"
  /// The directory of the programs; nil for the one that ``installedPrograms(beside:)`` finds.
  public var programs: String?
  /// What to count: less where another probe counts the rest.
  public var parameters = BpftraceSettings.allParameters
  /// Cgroups of which bpftrace keeps counts; it drops what others do. It never forgets one that is
  /// gone, so it is started anew when a map is nearly full. 1 to 2²⁰; the nearest of them where not.
  public var keyLimit = 4096 { didSet { keyLimit = min(max(keyLimit, 1), 1 << 20) } }
  /// The longest that a reading waits for its answer.
  public var answerLimit: Duration = .milliseconds(300)
  /// A bpftrace that has not answered for so long, though asked, is killed. Starting takes it about
  /// a second, on a busy machine several.
  public var silenceLimit: Duration = .seconds(15)
  /// The wait after the first failure; it doubles up to `longestWait`, less a random half. A run as
  /// long as `longestWait` begins anew with the first.
  public var firstWait: Duration = .milliseconds(500)
  public var longestWait: Duration = .seconds(30)

  /// Where tracefs may have its tracepoints.
  var events = ["/sys/kernel/tracing/events", "/sys/kernel/debug/tracing/events"]

  public init() {}

  /// The programs that belong to an executable: `share/vigil/bpftrace` or `tools/bpftrace` in a
  /// directory above it, the nearest first. So `/usr/local/bin/vigil-collect` finds
  /// `/usr/local/share/vigil/bpftrace`, and one in a checkout's `.build` the checkout's.
  public static func installedPrograms(
    beside executable: String = "/proc/self/exe"
  ) -> String? {
    var directory = URL(fileURLWithPath: executable).resolvingSymlinksInPath()
    while directory.path != "/" {
      directory.deleteLastPathComponent()
      for place in ["share/vigil/bpftrace", "tools/bpftrace"] {
        let programs = directory.appendingPathComponent(place).path
        if FileManager.default.fileExists(atPath: programs + "/mark.bt") { return programs }
      }
    }
    return nil
  }
}
