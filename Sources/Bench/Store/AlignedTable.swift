/// Text in columns: the first one to the left, the others to the right.
struct AlignedTable {
  var rows: [[String]]

  var text: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      row.enumerated().map { column, cell in
        let padding = String(repeating: " ", count: widths[column] - cell.count)
        if column > 0 { return padding + cell }
        return row.count > 1 ? cell + padding : cell
      }.joined(separator: "  ") + "\n"
    }.joined()
  }
}
