import Testing
import TimeSeries

@Suite struct SeriesKeyTests {
  @Test func tagsAreSortedDeduplicatedAndNeverEmpty() {
    let key = SeriesKey(
      measurement: "cpu",
      tags: [
        Tag(key: "zone", value: "b"), Tag(key: "host", value: "a"), Tag(key: "rack", value: ""),
        Tag(key: "host", value: "c"),
      ])
    #expect(key.description == "cpu,host=c,zone=b")
    #expect(key.value(of: "rack") == nil)
  }

  @Test(arguments: [
    SeriesKey(measurement: "plain"),
    SeriesKey(measurement: "a b,c=d", tags: [Tag(key: "k =,", value: "v =,")]),
    SeriesKey(measurement: "back\\slash", tags: [Tag(key: "k\\x", value: "v\\y")]),
    SeriesKey(measurement: "a\\,b", tags: [Tag(key: "k\\=", value: "v\\ w\\\\,")]),
    SeriesKey(measurement: "日本", tags: [Tag(key: "ключ", value: "valeur é")]),
  ])
  func canonicalFormReadsBack(_ key: SeriesKey) {
    #expect(SeriesKey(canonical: key.canonical) == key)
    #expect(SeriesKey.measurement(ofCanonical: key.canonical) == key.measurement)
  }

  @Test(arguments: ["", ",k=v", "m,k", "m,=v,x", "m,"])
  func rejectsWhatIsNotCanonical(_ text: String) {
    #expect(SeriesKey(canonical: Array(text.utf8)) == nil)
  }

  @Test func rejectsInvalidUTF8() {
    #expect(SeriesKey(canonical: [0x6d, 0xff, 0xfe]) == nil)
  }
}
