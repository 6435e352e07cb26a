import Query
import Shell
import TimeSeries

/// Whoever answers statements: the seam between the view and the network.
protocol StatementRunner: Sendable {
  /// Throws what is refused, and where nobody answers.
  func series(_ statement: String) async throws -> [ResultSeries]
}

/// A server's database.
struct RemoteRunner: StatementRunner {
  let connection: RemoteConnection
  let target: ShellTarget

  func series(_ statement: String) async throws -> [ResultSeries] {
    try await connection.series(statement, in: target)
  }
}

/// Reads the state of what is watched, again and again.
struct WatchReader: Sendable {
  let runner: any StatementRunner
  let settings: WatchSettings
  let place: String
  /// Rows of each metric that are read.
  static let rowsShown = 32
  /// Containers whose metrics are read, the most urgent ones: what a screen may hold.
  static let mostContainers = 40

  private var queries: WatchQueries { WatchQueries(settings: settings) }

  /// The state at `now`. Where the server does not answer that is `last` with the reason.
  func read(at now: Timestamp, after last: WatchState?) async -> WatchState {
    do {
      return try await read(at: now)
    } catch {
      var state = last ?? WatchState(now: now, place: place)
      state.now = now
      state.problem = String(describing: error)
      return state
    }
  }

  private func read(at now: Timestamp) async throws -> WatchState {
    var state = WatchState(now: now, place: place)
    state.metrics = try await metrics()
    var containers: [String: WatchedContainer] = [:]
    if let field = state.metrics.first {
      for series in try await runner.series(queries.present(field: field)) {
        guard let name = series.tag(settings.group) else { continue }
        containers[name] = WatchedContainer(name: name, lastRow: series.rows.first?.time())
      }
    }
    for series in try await runner.series(queries.health) {
      guard let name = series.tag(settings.group) else { continue }
      containers[name, default: WatchedContainer(name: name)].health =
        series.rows.first.flatMap(Health.init)
    }
    state.containers = containers.values.sorted { $0.name < $1.name }
    state.answered = now
    try await readValues(into: &state)
    if let marks = queries.marks {
      state.marks = Self.marks(try await runner.series(marks), group: settings.group)
    }
    return state
  }

  /// The fields that are numbers, or those of the settings.
  private func metrics() async throws -> [String] {
    if !settings.fields.isEmpty { return settings.fields }
    let keys = try await runner.series(queries.fieldKeys).flatMap(\.rows)
    return keys.compactMap { row in
      let isNumber = ["float", "integer", "unsigned"].contains(row.text("fieldType"))
      return isNumber ? row.text("fieldKey") : nil
    }
  }

  private func readValues(into state: inout WatchState) async throws {
    let names = state.byUrgency.prefix(Self.mostContainers).map(\.name)
    guard !names.isEmpty, !state.metrics.isEmpty else { return }
    let statement = queries.metrics(state.metrics, of: names, rows: Self.rowsShown)
    var rows: [String: [Row]] = [:]
    for series in try await runner.series(statement) {
      if let name = series.tag(settings.group) { rows[name] = series.rows }
    }
    for index in state.containers.indices {
      guard let rows = rows[state.containers[index].name] else { continue }
      for metric in state.metrics {
        state.containers[index].values[metric] = rows.map { $0.number(metric) }
      }
    }
  }

  /// The newest last; each with the container it is about.
  static func marks(_ series: [ResultSeries], group: String) -> [Mark] {
    series.flatMap { series in
      series.rows.compactMap { Mark($0, group: series.tag(group)) }
    }.sorted { ($0.from, $0.group ?? "") < ($1.from, $1.group ?? "") }
  }
}
