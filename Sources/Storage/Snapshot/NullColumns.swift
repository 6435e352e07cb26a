import TimeSeries

/// Columns without a value. Those of one type share their memory, so that what a batch does not have
/// costs next to nothing.
struct NullColumns {
  private let count: Int
  private var known: [FieldType: Column] = [:]

  init(count: Int) { self.count = count }

  subscript(type: FieldType) -> Column {
    mutating get {
      if let column = known[type] { return column }
      let column = Column(nulls: count, type: type)
      known[type] = column
      return column
    }
  }
}
