import Query
import TimeSeries

@testable import Vigil

/// Results as statements give them, for the encoders' tests.
enum ResultSamples {
  static func series(
    _ name: String = "m", tags: [Tag] = [], times: [Int64], values: [Double],
    validity: Validity? = nil, partial: Bool = false
  ) -> ResultSeries {
    ResultSeries(
      name: name, tags: tags, columnNames: ["time", "v"],
      columns: [Column(.integer(times)), Column(.float(values), validity: validity)],
      hasTime: true, partial: partial)
  }

  static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}
