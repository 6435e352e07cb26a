import Foundation

/// A server that the benchmark can start. All of them take line protocol at `/write`; the first two
/// answer InfluxQL, the third its own language.
public enum ServerProgram: Sendable {
  case vigil(executable: URL)
  case influxDB(executable: URL)
  case victoriaMetrics(executable: URL)

  public var name: String {
    switch self {
    case .vigil: "vigil"
    case .influxDB: "influxdb"
    case .victoriaMetrics: "victoria-metrics"
    }
  }

  var executable: URL {
    switch self {
    case .vigil(let url), .influxDB(let url), .victoriaMetrics(let url): url
    }
  }

  var speaksInfluxQL: Bool {
    if case .victoriaMetrics = self { false } else { true }
  }

  /// What says that it is up.
  var readyPath: String {
    if case .victoriaMetrics = self { "/health" } else { "/ping" }
  }

  /// Writes the configuration the server needs into `directory`, and returns the arguments that
  /// start it with its data in `directory`/data.
  func prepare(directory: URL, port: Int) throws -> [String] {
    let data = directory.appendingPathComponent("data").path
    switch self {
    case .vigil:
      return [
        "--data", data, "--listen", "127.0.0.1:\(port)", "--sync", "interval",
        "--log-level", "warning",
      ]
    case .influxDB:
      // Its own statistics and logs off, which the others do not keep either; the cache is written
      // out and shards are compacted soon after the last write, so that its size can be measured.
      let text = """
        reporting-enabled = false
        bind-address = "127.0.0.1:0"
        [meta]
        dir = "\(data)/meta"
        [data]
        dir = "\(data)/data"
        wal-dir = "\(data)/wal"
        wal-fsync-delay = "100ms"
        index-version = "inmem"
        query-log-enabled = false
        cache-snapshot-write-cold-duration = "5s"
        compact-full-write-cold-duration = "5s"
        [monitor]
        store-enabled = false
        [http]
        bind-address = "127.0.0.1:\(port)"
        log-enabled = false
        [logging]
        level = "error"

        """
      let file = directory.appendingPathComponent("influxdb.conf")
      try Data(text.utf8).write(to: file)
      return ["-config", file.path]
    case .victoriaMetrics:
      // Keep what lies years back.
      return [
        "-storageDataPath", data, "-httpListenAddr", "127.0.0.1:\(port)", "-retentionPeriod",
        "100y",
        "-search.latencyOffset", "0s", "-search.disableCache", "-loggerLevel", "ERROR",
      ]
    }
  }
}
