import TimeSeries

/// The fields of the series of a merge. Names are looked up once for each segment, not for each
/// column of each block.
struct SegmentMergeFields {
  private var names: [String] = []
  /// By path: for each field of a segment its position in `names`.
  private var positions: [String: [Int]] = [:]
  /// Of the series asked for last, by position in `names`.
  private var types: [FieldType?] = []

  init(_ inputs: [OpenSegment]) {
    // By UTF-8 bytes: strings that Unicode calls equal are different fields.
    var known: [[UInt8]: Int] = [:]
    for segment in inputs {
      positions[segment.reader.path.string] = segment.reader.fieldNames.map { name in
        let bytes = Array(name.utf8)
        if let position = known[bytes] { return position }
        known[bytes] = names.count
        names.append(name)
        return names.count - 1
      }
    }
    types = Array(repeating: nil, count: names.count)
  }

  /// All fields that the blocks of a series have. A field of two types would lose the values of one;
  /// that is only met after damage, and then the segments stay as they are.
  mutating func fields(of sources: [SegmentSource]) throws -> [MeasurementSchema.Field] {
    var found: [Int] = []
    defer { for position in found { types[position] = nil } }
    for source in sources {
      let path = source.segment.reader.path.string
      guard let positions = positions[path] else { continue }
      for field in source.segment.reader.fields(in: source.block) {
        let position = positions[field.position]
        if let known = types[position] {
          guard known == field.type else {
            throw StorageError.corrupt(
              path: path, offset: 0,
              reason:
                "field \(names[position]) is \(field.type) here and \(known) in older segments")
          }
        } else {
          types[position] = field.type
          found.append(position)
        }
      }
    }
    return found.compactMap { position in
      types[position].map { MeasurementSchema.Field(name: names[position], type: $0) }
    }
  }
}
