import ContinuousQueries
import Encoding
import Foundation
import FuzzSupport
import Query

@testable import Detection
@testable import Storage
@testable import Vigil

/// What upper layers keep in files, through the store's frame: models and continuous queries.
///
///     input := mode u8, bytes
///
/// The mode says what `bytes` are: 0 a file of the store, 1 its content, of whichever kind, 2 a model
/// file, 3 the body of one (from the name on), which gets magic, length and checksum, 4 edits of a
/// valid model's body, 5 a continuous query's JSON.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzModelFile(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  var input = FuzzInput(start, count)
  switch input.byte() % 6 {
  case 0: readStoredFile(input.rest())
  case 1: readFramed(input.rest())
  case 2: readModel(input.rest())
  case 3: readModel(sealedModel(input.rest()))
  case 4:
    var parts = [validBody]
    input.edit(&parts)
    readModel(sealedModel(parts[0]))
  default: readContinuousQuery(input.rest())
  }
  return 0
}

@_cdecl("LLVMFuzzerInitialize")
public func initializeModelFile(
  _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeRawPointer
) -> CInt {
  Seeds.write {
    let query = try JSONEncoder().encode(
      StoredContinuousQuery(
        name: "q", database: "db",
        text: """
          CREATE CONTINUOUS QUERY q ON db RESAMPLE EVERY 1m FOR 5m BEGIN SELECT mean(f) INTO t \
          FROM m GROUP BY time(1m), * END
          """,
        pending: [[0, 60_000_000_000]], lastRun: 5))
    let content = Array("content".utf8)
    return [
      [0] + StoredFiles.header(of: content) + content, [1] + content, [2] + sealedModel(validBody),
      [3] + validBody, [4], [4, 0, 2, 1, 0, 1], [5] + query,
    ]
  }
  return 0
}

private func readStoredFile(_ file: [UInt8]) {
  let files = StoredFiles(
    layout: DatabaseLayout(root: "fuzz"), fileSystem: FuzzFileSystem(file))
  do {
    _ = try files.load(kind: "models", name: "m")
  } catch is StorageError {
    return
  } catch {
    fatalError("an untyped error: \(error)")
  }
}

private func readFramed(_ content: [UInt8]) {
  let file = StoredFiles.header(of: content) + content
  let files = StoredFiles(
    layout: DatabaseLayout(root: "fuzz"), fileSystem: FuzzFileSystem(file))
  guard let found = try? files.load(kind: "models", name: "m"), found == content else {
    fatalError("the content of a file changed")
  }
}

/// A model is refused, or is written, read and is the same; it can score.
private func readModel(_ file: [UInt8]) {
  let model: DetectionModel
  do {
    model = try DetectionModel(decoding: file)
  } catch is DetectionError {
    return
  } catch {
    fatalError("an untyped error: \(error)")
  }
  guard let again = try? DetectionModel(decoding: model.encoded()), again == model else {
    fatalError("a model that was read changed when written")
  }
  _ = try? TrainedModel(model)
  let specification = model.specification
  guard specification.options.window <= 64 else { return }
  let rows = specification.options.window + 2
  let data = GroupData(
    timestamps: (0..<rows).map { 1_000_000_000 &+ Int64($0) &* (specification.interval >> 8) },
    features: specification.fields.indices.map { field in
      (0..<rows).map { Double($0 * field) * 1e300 }
    })
  for network in [model.groups.first, model.shared.first].compactMap(\.self) {
    _ = try? model.scorer(for: network).score(data)
  }
}

private func readContinuousQuery(_ json: [UInt8]) {
  guard let stored = try? JSONDecoder().decode(StoredContinuousQuery.self, from: Data(json)) else {
    return
  }
  let scheduler = ContinuousQueryScheduler(host: FuzzHost(stored: stored))
  _ = try? scheduler.load()
}
