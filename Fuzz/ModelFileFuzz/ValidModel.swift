import Encoding

@testable import Detection

/// A small model's bytes between header and checksum.
let validBody: [UInt8] = {
  do {
    let bytes = try validModel().encoded()
    return Array(bytes[ModelFile.headerSize..<bytes.count - ModelFile.checksumSize])
  } catch {
    fatalError("no valid model: \(error)")
  }
}()

/// A model file with a header and a checksum that fit `body`.
func sealedModel(_ body: [UInt8]) -> [UInt8] {
  var bytes = ModelFile.magic
  bytes.appendFixed(ModelFile.version)
  bytes.appendFixed(UInt64(ModelFile.headerSize + body.count + ModelFile.checksumSize))
  bytes += body
  bytes.appendFixed(CRC32C.checksum(bytes))
  return bytes
}

private func validModel() throws -> DetectionModel {
  var options = DetectorOptions()
  options.window = 3
  options.hidden = 2
  options.latent = 1
  let specification = ModelSpecification(
    name: "m", fields: ["a", "b"], interval: 1_000_000_000, groupTags: ["pod"],
    shareTag: "app", options: options,
    annotations: [
      "statement":
        "CREATE MODEL m ON db FROM c FIELDS a, b GROUP BY time(1s), pod "
        + "SHARE BY app USING lstm_autoencoder",
      "version": "1", "trained": "5",
    ])
  func network(_ key: String, _ compression: Compression) throws -> GroupModel {
    var parameters = AutoencoderParameters(shape: try specification.shape)
    for tensor in AutoencoderTensor.allCases {
      let (rows, columns) = tensor.size(in: parameters.shape)
      parameters[tensor] = (0..<rows * columns).map { Float($0 % 7) / 8 - 0.4 }
    }
    return GroupModel(
      key: [key], scaler: Scaler(offsets: [2, 0], scales: [0.5, 9], compression: compression),
      parameters: parameters, threshold: 1.5,
      info: TrainingInfo(
        rows: 100, trainingWindows: 78, validationWindows: 20, epochs: 7, bestEpoch: 5,
        trainingLoss: 0.5, validationLoss: 0.25, firstTimestamp: 1, lastTimestamp: 100, seed: 0))
  }
  return try DetectionModel(
    specification: specification,
    groups: ["p0", "p1"].map { try network($0, options.compression) },
    shared: [network("web", options.sharedCompression)])
}
