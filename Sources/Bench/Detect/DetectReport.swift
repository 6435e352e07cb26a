import Foundation

/// What ``DetectBenchmark`` measured.
public struct DetectReport: Sendable, Codable {
  /// One shape by one implementation.
  public struct Figures: Sendable, Codable {
    /// Seconds for an epoch of 10,000 windows.
    public var epochSeconds: Double
    /// The same on two threads; what the threads do is told in the text.
    public var twoThreadEpochSeconds: Double
    /// Microseconds for one window of one model.
    public var singleMicroseconds: Double
    /// Microseconds for a window of many of one model.
    public var batchedMicroseconds: Double
  }

  public struct Shape: Sendable, Codable {
    public var name: String
    public var vigil: Figures
    /// Nil where PyTorch is not there.
    public var pytorch: Figures?
  }

  public var shapes: [Shape]
  public var pytorchVersion: String?
  /// Why there are no figures of PyTorch.
  public var pytorchNote: String?

  public var text: String {
    var table = AlignedTable(rows: [
      ["", "epoch, 1 thread", "2 threads", "one window", "batched, per window"]
    ])
    func append(_ name: String, _ figures: Figures) {
      table.rows.append([
        name, "\(significant(figures.epochSeconds)) s",
        "\(significant(figures.twoThreadEpochSeconds)) s",
        "\(significant(figures.singleMicroseconds)) µs",
        "\(significant(figures.batchedMicroseconds)) µs",
      ])
    }
    for shape in shapes {
      append("\(shape.name), Vigil", shape.vigil)
      if let pytorch = shape.pytorch { append("\(shape.name), PyTorch", pytorch) }
    }
    return table.text + """

      Epochs are 10,000 windows in batches of 64: gradient, clipping, Adam. Vigil trains one model on
      one thread; its figure for two threads is of two models at once, halved. One window and batched
      are a scorer's whole way from rows to losses, scaling and centring included.
      PyTorch \(pytorchVersion ?? pytorchNote ?? "was not measured")\n
      """
  }

  private func significant(_ value: Double) -> String { String(format: "%.3g", value) }
}
