import ArgumentParser
import Collect
import Foundation
import Logging
import UnixSignals

@main
struct VigilCollect: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vigil-collect",
    abstract: "Measure what each container of this machine does, and send it to Vigil or InfluxDB.",
    discussion: """
      Every interval it tells of each container: processor time, memory, system calls, calls of \
      mmap, page faults, requests to block devices, files opened, and forks, execs and exits. \
      What is counted in the kernel needs root and bpftrace; without them the rest is told.

      Without --cri, --crictl and --cgroup it takes the first of the runtimes' usual sockets that \
      is there, else crictl, else the paths of the cgroups.

      vigil-collect --url http://127.0.0.1:8086 --db metrics --create-database
      vigil-collect --stdout --cgroup '/system.slice/*.service'
      """,
    version: Collector.version)

  @Option(help: "The server. (default: http://127.0.0.1:8086)")
  var url: String?

  @Option(name: .customLong("db"), help: ArgumentHelp("The database.", valueName: "name"))
  var database: String?

  @Flag(help: "Create the database if it is not there.")
  var createDatabase = false

  @Flag(help: "Print the lines on standard output; with --db they are sent as well.")
  var stdout = false

  @Option(help: ArgumentHelp("What a row is of, from 100ms to 1h.", valueName: "duration"))
  var interval = Interval.second

  @Option(help: ArgumentHelp("Socket of the container runtime.", valueName: "socket"))
  var cri: String?

  @Option(help: ArgumentHelp("The crictl command, instead of a socket.", valueName: "path"))
  var crictl: String?

  @Option(
    help: ArgumentHelp(
      "Take the cgroups at these paths for containers, without asking a runtime; \"\" for those with runtimes' usual names.",
      valueName: "glob"))
  var cgroup: String?

  @Option(help: ArgumentHelp("The tag node. (default: the host's name)", valueName: "name"))
  var node: String?

  @Option(
    help: ArgumentHelp(
      "A label of pods and containers that becomes a tag; can be given several times.",
      valueName: "key"))
  var label: [String] = []

  @Option(
    help: ArgumentHelp(
      "Where lines wait while the server is away. (default: /var/lib/vigil-collect)",
      valueName: "directory"))
  var spool: String?

  @Option(
    help: ArgumentHelp(
      "Size of the spool; beyond, the oldest lines are dropped.", valueName: "bytes"))
  var spoolLimit = 256 << 20

  @Option(
    help: ArgumentHelp(
      "Name to log in with; INFLUX_USERNAME and INFLUX_PASSWORD of the environment otherwise.",
      valueName: "name"))
  var username: String?

  @Option(help: "Password to log in with. The environment hides it from other users.")
  var password: String?

  @Option(help: "Token to log in with; INFLUX_TOKEN of the environment otherwise.")
  var token: String?

  @Option(
    help: ArgumentHelp(
      "What counts system calls and page faults: raw (small programs of its own) or bpftrace, which costs more.",
      valueName: "how"))
  var hotEvents = ProbeSettings.HotEvents.raw

  @Option(help: ArgumentHelp("The bpftrace command.", valueName: "path"))
  var bpftrace = "bpftrace"

  @Option(
    help: ArgumentHelp(
      "The bpftrace programs. (default: share/vigil/bpftrace or tools/bpftrace above the executable)",
      valueName: "directory"))
  var programs: String?

  @Flag(
    name: .customLong("without-bpf"),
    help: "Count nothing in the kernel: processor time and memory only.")
  var withoutBPF = false

  @Option(
    help: ArgumentHelp(
      "\(Self.logLevels). (default: info)", valueName: "level"),
    transform: {
      guard let level = Logger.Level(rawValue: $0) else {
        throw ValidationError("not one of \(Self.logLevels)")
      }
      return level
    })
  var logLevel = Logger.Level.info

  private static let logLevels = "trace, debug, info, notice, warning, error or critical"

  func validate() throws {
    if database == nil, !stdout { throw ValidationError("Name a database with --db, or --stdout.") }
    if database == nil, url != nil || createDatabase {
      throw ValidationError("--url and --create-database go with --db.")
    }
    if [cri, crictl, cgroup].compactMap({ $0 }).count > 1 {
      throw ValidationError("One of --cri, --crictl and --cgroup at most.")
    }
    if spoolLimit < 1 << 20 { throw ValidationError("--spool-limit: at least 1048576") }
    if (username == nil) != (password == nil) {
      throw ValidationError("--username and --password go together.")
    }
    if token != nil, username != nil {
      throw ValidationError("Either --token or --username and --password.")
    }
    if let taken = label.first(where: { SamplerSettings.tags.contains($0) || $0.isEmpty }) {
      throw ValidationError("--label: \"\(taken)\" cannot be a tag of its own.")
    }
  }

  func run() async throws {
    LoggingSystem.bootstrap(StreamLogHandler.standardError)
    var logger = Logger(label: "vigil-collect")
    logger.logLevel = logLevel
    let collector = Collector(settings: settings, logger: logger)
    let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
    let collecting = Task { try await collector.run() }
    let stopping = Task {
      var first: ContinuousClock.Instant?
      for await _ in signals {
        // Whoever is in a hurry asks twice. (timeout(1) does so at once.)
        if let first, ContinuousClock.now - first > .seconds(1) { _exit(1) }
        first = first ?? .now
        collecting.cancel()
      }
    }
    defer { stopping.cancel() }
    do {
      try await collecting.value
    } catch {
      let line = "\(error)".split(whereSeparator: \.isNewline).joined(separator: " ")
      FileHandle.standardError.write(Data("vigil-collect: \(line)\n".utf8))
      throw ExitCode.failure
    }
  }

  private var settings: CollectSettings {
    var settings = CollectSettings(node: node ?? ProcessInfo.processInfo.hostName)
    settings.sampler.interval = interval.duration
    settings.sampler.labels = label
    settings.prints = stdout
    if let cri {
      settings.runtime = .cri(cri)
    } else if let crictl {
      settings.runtime = .crictl(crictl)
    } else if let cgroup {
      settings.runtime = .cgroup(cgroup.isEmpty ? nil : cgroup)
    }
    if let database {
      var server = CollectSettings.Server(
        target: WriteTarget(
          url: url ?? "http://127.0.0.1:8086", database: database, credentials: credentials))
      server.createsDatabase = createDatabase
      if let spool { server.spool = spool }
      server.spoolLimit = spoolLimit
      settings.server = server
    }
    if withoutBPF {
      settings.probes = nil
    } else {
      settings.probes?.hotEvents = hotEvents
      settings.probes?.bpftrace = bpftrace
      settings.probes?.programs = programs
    }
    return settings
  }

  private var credentials: WriteTarget.Credentials? {
    let environment = ProcessInfo.processInfo.environment
    if let username, let password { return .basic(username: username, password: password) }
    if let token = token ?? environment["INFLUX_TOKEN"] { return .token(token) }
    guard let username = environment["INFLUX_USERNAME"],
      let password = environment["INFLUX_PASSWORD"]
    else { return nil }
    return .basic(username: username, password: password)
  }
}

extension ProbeSettings.HotEvents: ExpressibleByArgument {}

/// `--interval`.
struct Interval: ExpressibleByArgument {
  static let second = Interval(duration: .seconds(1), defaultValueDescription: "1s")

  var duration: Duration
  /// As it was written.
  var defaultValueDescription: String
}

extension Interval {
  init?(argument: String) {
    guard let duration = DurationText.duration(argument),
      SamplerSettings.intervals.contains(duration)
    else { return nil }
    self.init(duration: duration, defaultValueDescription: argument)
  }
}
