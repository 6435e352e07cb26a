import Foundation
import Logging

/// Collects as the settings say: makes the parts, joins them, and takes them down in order.
public struct Collector: Sendable {
  public static let version = "0.1.0"

  private let settings: CollectSettings
  private let logger: Logger
  /// How long the server has at the end for what was not sent yet.
  private static let finalWait: Duration = .seconds(5)

  public init(settings: CollectSettings, logger: Logger) {
    self.settings = settings
    self.logger = logger
  }

  /// Collects until the task is cancelled, or until nobody reads standard output any more where
  /// lines are printed there.
  ///
  /// - Throws: where it cannot begin: ``WriteTargetError``, ``SpoolError``, a runtime that is not
  ///   there.
  public func run() async throws {
    // Whoever ends before us (bpftrace, a reader of our output) must not end us.
    signal(SIGPIPE, SIG_IGN)
    let hierarchies = try CgroupHierarchies.current()
    let searchPath = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    let runtime = settings.runtime.resolved(searchPath: searchPath)
    if settings.runtime == .automatic, runtime == .cgroup(nil) {
      logger.notice("No container runtime is found: containers are told by their cgroups alone")
    }
    let source = askedSeldom(
      try runtime.source(
        node: settings.sampler.node, hierarchies: hierarchies, searchPath: searchPath),
      as: runtime)
    let output = settings.prints ? StandardOutputSink(logger: logger) : nil
    let delivery = try settings.server.map { try Delivery($0, logger: logger) }
    let probes =
      await settings.probes?.start(hierarchies: hierarchies, logger: logger) ?? []
    if settings.probes == nil {
      logger.notice("Nothing is counted in the kernel: cpu_usage and memory_usage only")
    }
    logger.info(
      "Collecting",
      metadata: [
        "node": "\(settings.sampler.node)", "interval": "\(settings.sampler.interval)",
        "containers from": "\(source.name)",
      ])
    await delivery?.sender.start()
    let sampler = Sampler(
      settings: settings.sampler, source: source, probes: probes,
      cgroups: CgroupFileReader(hierarchies: hierarchies),
      sink: LineSinks(sender: delivery?.sender, output: output), logger: logger)
    await withTaskGroup { group in
      group.addTask { await sampler.run() }
      if let output { group.addTask { for await _ in output.untilClosed {} } }
      await group.next()
      group.cancelAll()
    }
    await withTaskGroup { group in
      for probe in probes { group.addTask { await probe.stop() } }
    }
    await output?.finish(within: Self.finalWait)
    await delivery?.stop(within: Self.finalWait)
    logger.info("Stopped")
  }

  /// The source as one that asks a runtime only when something may have changed, where programs of
  /// our own may go into the kernel.
  private func askedSeldom(
    _ source: any RuntimeSource, as runtime: RuntimeChoice
  ) -> any RuntimeSource {
    guard settings.probes?.hotEvents == .raw, runtime.changesWithCgroups else { return source }
    do {
      return LazySource(source, counter: try CgroupChanges())
    } catch {
      logger.notice(
        "The runtime is asked after each interval, which costs more",
        metadata: ["reason": "\(error)"])
      return source
    }
  }
}

/// Both ways that lines may go.
private struct LineSinks: LineSink {
  let sender: Sender?
  let output: StandardOutputSink?

  func add(_ lines: [UInt8]) {
    output?.add(lines)
    sender?.add(lines)
  }

  func currentStatistics() async -> SenderStatistics? { await sender?.statistics }
}
