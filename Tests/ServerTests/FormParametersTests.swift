import Testing

@testable import Server

@Suite struct FormParametersTests {
  @Test(
    arguments: [
      ("a=1&b=2", "a", "1"), ("a=1&a=2", "a", "1"), ("a=x+y%2Bz", "a", "x y+z"),
      ("a=%C2%B5", "a", "µ"), ("a=%c2%b5", "a", "µ"), ("a==b", "a", "=b"), ("a", "a", ""),
      ("&&a=1&", "a", "1"), ("%61=1", "a", "1"), ("q=a;b", "q", "a;b"),
    ])
  func pairsAreDecoded(query: String, name: String, value: String) {
    #expect(FormParameters(query: query)[name] == value)
  }

  @Test(arguments: ["a=%zz&b=1", "a=%4&b=1", "a=%&b=1", "a=%ff&b=1", "%f=x&b=1"])
  func aMalformedPairIsLeftOutAndTheRestStays(query: String) {
    let parameters = FormParameters(query: query)
    #expect(parameters["a"] == nil)
    #expect(parameters["b"] == "1")
  }

  @Test func whatCameFirstStands() {
    var body = FormParameters(query: "a=body")
    body.add(FormParameters(query: "a=url&b=url"))
    #expect(body["a"] == "body")
    #expect(body["b"] == "url")
    #expect(FormParameters(query: "a=%20x%20&b=%20").text("a") == "x")
    #expect(FormParameters(query: "a=%20x%20&b=%20").text("b") == nil)
  }

  private func parse(_ body: String, type: String = "multipart/form-data; boundary=\"X-1\"")
    -> FormParameters?
  {
    Array(body.utf8).withUnsafeBytes { MultipartForm.parse($0, contentType: type) }
  }

  private func part(_ header: String, _ value: String) -> String {
    "\r\n\(header)\r\n\r\n\(value)\r\n--X-1"
  }

  @Test func multipartFieldsAndFiles() {
    let body =
      "preamble\r\n--X-1" + part("content-disposition: form-data; name=a", "1\r\n-- 2")
      + part("Content-Type: text/plain\r\nContent-Disposition: form-data; name=\"q\"", "é")
      + part("X: y", "no name") + "--\r\n"
    let parameters = parse(body)
    #expect(parameters?["a"] == "1\r\n-- 2")
    #expect(parameters?["q"] == "é")
  }

  @Test func aMultipartBodyThatIsCutAnywhereIsRefusedOrTaken() {
    let body = "--X-1" + part("Content-Disposition: form-data; name=\"q\"", "SELECT") + "--\r\n"
    for length in 0..<body.count {
      let parameters = parse(String(body.prefix(length)))
      #expect(parameters == nil || parameters?["q"] == "SELECT", "cut at \(length)")
    }
    #expect(parse(body, type: "multipart/form-data") == nil)
    #expect(parse(body, type: "multipart/form-data; boundary=") == nil)
    #expect(parse("--X-1--") == nil)
  }

  @Test(
    arguments: [
      (nil, false, ResultFormat.json(isPretty: false)),
      ("*/*", true, .json(isPretty: true)),
      ("application/csv", true, .csv), ("TEXT/CSV;q=1", false, .csv),
      ("text/html, text/csv", false, .csv),
      ("application/json, text/csv", false, .json(isPretty: false)),
      (",,;", false, .json(isPretty: false)),
    ] as [(String?, Bool, ResultFormat)])
  func theFormatIsTheFirstKnownType(accept: String?, isPretty: Bool, expected: ResultFormat) {
    #expect(ResultFormat(accept: accept, isPretty: isPretty) == expected)
  }
}
