import Query
import TimeSeries

/// Puts the parts of a statement's result together again.
struct ResultMerger {
  private(set) var result: StatementResult?

  mutating func add(_ part: StatementResult) {
    guard var merged = result else {
      result = part
      return
    }
    for series in part.series {
      if let last = merged.series.last, last.partial, last.name == series.name,
        last.tags == series.tags, last.columnNames == series.columnNames
      {
        merged.series[merged.series.count - 1].append(series)
      } else {
        merged.series.append(series)
      }
    }
    merged.messages += part.messages
    merged.error = merged.error ?? part.error
    merged.partial = part.partial
    result = merged
  }
}

extension ResultSeries {
  /// Appends the rows of a series with the same columns.
  mutating func append(_ rows: ResultSeries) {
    for index in columns.indices where rows.columns.indices.contains(index) {
      columns[index].append(rows.columns[index])
    }
    partial = rows.partial
  }
}
