import Query
import TimeSeries

@testable import Shell

extension ResultSeries {
  /// Columns from rows of values; the first column is the time where it is named so.
  init(_ name: String, tags: [SeriesTag] = [], _ names: [String], _ rows: [[FieldValue?]]) {
    let columns = names.indices.map { index in
      let cells = rows.map { $0[index] }
      let isTime = index == 0 && names.first == "time"
      return Column(cells, type: isTime ? .integer : .common(cells.compactMap { $0?.type }))
    }
    self.init(
      name: name, tags: tags, columnNames: names, columns: columns, hasTime: names.first == "time")
  }
}

/// `Tag` alone is also a type of the testing library.
typealias SeriesTag = TimeSeries.Tag
