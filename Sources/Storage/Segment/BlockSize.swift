/// How many rows are decoded, merged or encoded at a time.
enum BlockSize {
  /// Cells of a block, null ones counted. What works on a block has a word for each, several times.
  private static let cellLimit = 1 << 21

  /// Rows of a block with so many columns: `limit` up to 256 columns of 8192 rows, fewer of more.
  static func rows(atMost limit: Int, columns: Int) -> Int {
    max(1, min(limit, cellLimit / max(1, columns)))
  }
}
