/// Set operations on ascending lists of series ids.
enum Postings {
  static func intersection(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] {
    let (small, large) = a.count <= b.count ? (a, b) : (b, a)
    var result: [UInt32] = []
    var position = 0
    for id in small {
      position = lowerBound(large, id, from: position)
      if position == large.count { break }
      if large[position] == id { result.append(id) }
    }
    return result
  }

  static func union(_ lists: [[UInt32]]) -> [UInt32] {
    var lists = lists.filter { !$0.isEmpty }
    // Pairs of neighbours, so that k lists of n ids take n·log k steps.
    while lists.count > 1 {
      lists = stride(from: 0, to: lists.count, by: 2).map { index in
        index + 1 < lists.count ? union(lists[index], lists[index + 1]) : lists[index]
      }
    }
    return lists.first ?? []
  }

  private static func union(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] {
    var result: [UInt32] = []
    result.reserveCapacity(a.count + b.count)
    var (i, j) = (0, 0)
    while i < a.count, j < b.count {
      if a[i] <= b[j] {
        if a[i] == b[j] { j += 1 }
        result.append(a[i])
        i += 1
      } else {
        result.append(b[j])
        j += 1
      }
    }
    result += a[i...]
    result += b[j...]
    return result
  }

  /// The ids of `a` that are not in `b`.
  static func difference(_ a: [UInt32], _ b: [UInt32]) -> [UInt32] {
    var result: [UInt32] = []
    result.reserveCapacity(a.count)
    var j = 0
    for id in a {
      while j < b.count, b[j] < id { j += 1 }
      if j == b.count || b[j] != id { result.append(id) }
    }
    return result
  }

  /// The first position at or after `start` of an ascending list whose value is not below `value`;
  /// gallops, so that a short list against a long one is cheap.
  static func lowerBound<Value: Comparable>(
    _ list: [Value], _ value: Value, from start: Int = 0
  ) -> Int {
    var low = start
    var step = 1
    while low + step < list.count, list[low + step] < value {
      low += step
      step *= 2
    }
    var high = min(list.count, low + step + 1)
    while low < high {
      let middle = (low + high) / 2
      if list[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
