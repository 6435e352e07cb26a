import Collect
import FuzzSupport

/// Reads any bytes as bpftrace's output, in pieces and in one: the messages are the same, no map has
/// more keys than it may, and a good line behind it all is read as ever.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzBpftraceOutput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let keyLimit = 8
  var input = FuzzInput(start, count)
  let pieces = input.bytes(4).map { Int($0) + 1 }
  let bytes = input.rest() + Array("\n{\"type\": \"map\", \"data\": {\"@f\": {\"7\": 9}}}\n".utf8)

  var whole: [BpftraceOutput.Message] = []
  var output = BpftraceOutput(keyLimit: keyLimit)
  output.append(bytes[...]) { whole.append($0) }
  require(whole.last == .map(name: "f", counts: [7: 9]), "a good line that was not read")
  for case .map(_, let counts) in whole {
    require(counts.count <= keyLimit, "more keys than a map may have")
  }

  var pieced: [BpftraceOutput.Message] = []
  output = BpftraceOutput(keyLimit: keyLimit)
  var rest = bytes[...]
  var turn = 0
  while !rest.isEmpty {
    let size = pieces.isEmpty ? rest.count : pieces[turn % pieces.count]
    output.append(rest.prefix(size)) { pieced.append($0) }
    rest = rest.dropFirst(size)
    turn += 1
  }
  require(whole == pieced, "what is read depends on the pieces it comes in")
  return 0
}

@_cdecl("LLVMFuzzerInitialize")
public func initializeBpftraceOutput(
  _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeRawPointer
) -> CInt {
  Seeds.write {
    [
      """
      {"type": "attached_probes", "data": {"probes": 8}}
      {"type": "printf", "data": "\\n"}
      {"type": "map", "data": {"@page_faults": {"671": 1552, "652": 3259, "1": 25688}}}
      {"type": "map", "data": {"@block_req": {}}}
      {"type": "printf", "data": "mark 7\\n"}
      {"type": "lost_events", "data": {"events": 12}}
      """,
      "{\"type\": \"map\", \"data\": {\"@f\": {\"18446744073709551615\": 18446744073709551616}}}",
      "{\"data\": {\"@h\": [{\"min\": -1, \"max\": 1e9, \"count\": null}]}, \"type\": \"hist\"}",
      "{\"type\": \"time\", \"data\": \"12:00:01 \\u00e4 \\\"\\\\\"}",
    ].map { Array("abcd\($0)\n".utf8) }
  }
  return 0
}
