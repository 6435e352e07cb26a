/// Sums over windows that end at each element and hold the last `size`, or as many as there are.
///
/// In each block of `size` elements sums run forwards and backwards; a window is the end of one block
/// and the beginning of the next (M. van Herk, 1992). Nothing is subtracted, so no error is carried on.
func movingSums(_ terms: [Double], size: Int) -> [Double] {
  var forward = terms
  for index in terms.indices.dropFirst() where index % size != 0 {
    forward[index] += forward[index - 1]
  }
  guard size < terms.count else { return forward }
  var backward = terms
  for index in terms.indices.dropLast().reversed() where (index + 1) % size != 0 {
    backward[index] += backward[index + 1]
  }
  return terms.indices.map { index in
    let start = index - size + 1
    return start <= 0 || start % size == 0
      ? forward[index] : backward[start] + forward[index]
  }
}
