import FuzzSupport
import Query

/// libFuzzer's entry: a text is refused, or its canonical text is read as the same statements.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzQuery(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let text = String(decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
  let parameters: [String: Expression] = ["a": .string("x"), "n": .integer(-1), "r": .regex("/*")]
  guard let statements = try? Parser.parse(text, parameters: parameters) else { return 0 }
  let canonical = statements.map(\.description).joined(separator: ";")
  guard let again = try? Parser.parse(canonical) else {
    fatalError("refused: \(canonical)")
  }
  require(again == statements, "read otherwise: \(canonical)")
  return 0
}

@_cdecl("LLVMFuzzerInitialize")
public func initializeQuery(
  _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeRawPointer
) -> CInt {
  Seeds.write {
    [
      "SELECT mean(f), \"g\" * -2 AS x INTO db.rp.t FROM m, /a.*/ WHERE h =~ /b/ AND time > now() - 1h "
        + "GROUP BY time(1m, 5s), * fill(previous) ORDER BY time DESC LIMIT 3 OFFSET 1 tz('UTC')",
      "SELECT max(x) FROM (SELECT sum(f) AS x FROM m GROUP BY time($n), a) WHERE s = $a",
      "SHOW TAG VALUES FROM m WITH KEY IN (a, b); SHOW SERIES; SHOW MODELS ON db; DROP SERIES FROM m",
      "SHOW SUSPECTS ON db FROM h GRAPH rp.calls WHERE pod = 'a' LIMIT 3; "
        + "SELECT episodes(5, 0.8) INTO e FROM h GROUP BY time(1m), pod",
      "CREATE RETENTION POLICY p ON db DURATION 7d REPLICATION 1 SHARD DURATION 1d DEFAULT",
      "CREATE CONTINUOUS QUERY q ON db RESAMPLE EVERY 1m FOR 5m BEGIN SELECT mean(f) INTO t FROM m "
        + "GROUP BY time(1m) END; DELETE FROM m WHERE time < '2026-01-01T00:00:00Z'; KILL QUERY 3",
      "CREATE MODEL \"b\" ON db FROM c FIELDS x, y GROUP BY time(1s), pod "
        + "USING lstm_autoencoder WITH (window = 30, scaling = 'zscore'); RETRAIN MODEL b; EXPLAIN SELECT f FROM m",
    ].map { Array($0.utf8) }
  }
  return 0
}
