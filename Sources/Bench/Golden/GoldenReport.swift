import Detection
import Foundation
import GoldenVectors

/// How far the product's network is from a golden file: an autoencoder, a batch, and what must come
/// out, computed in double by another implementation.
public struct GoldenReport: Sendable, Hashable {
  /// The largest deviation of a part, and where it is.
  public struct Part: Sendable, Hashable {
    public var name: String
    public var largest: Double
    public var place: String
  }

  public var parts: [Part]

  public var largest: Double { parts.map(\.largest).max() ?? .infinity }

  public var text: String {
    AlignedTable(
      rows: [["part", "largest relative error", "in"]]
        + parts.map { [$0.name, String(format: "%.2e", $0.largest), $0.place] }
    ).text
  }

  /// Errors of single numbers are relative to the number, those of tensors to the tensor's root
  /// mean square: elements near zero have no relative error that says anything.
  ///
  /// - Throws: where the file can't be read or is not of this form.
  public init(checking file: URL) throws {
    let golden = try GoldenVectors(from: file)
    guard golden.losses.count >= 10 else {
      throw GoldenVectorsError(description: "\(golden.losses.count) losses are not ten steps")
    }
    let probe = try NetworkProbe(
      golden.autoencoder(), windows: golden.input.values.map(Float.init))
    let scores = probe.scores()
    guard
      [golden.shape.batch, golden.rlWindow.count, golden.rlLastStep.count].allSatisfy({
        $0 == scores.count
      })
    else {
      throw GoldenVectorsError(
        description: "the input is \(scores.count) windows, which batch or losses are not")
    }
    var outputs = Deviations("outputs and losses")
    outputs.add(
      GoldenVectors.Expected.all(golden.output.values)
        .deviation(of: scores.flatMap(\.output)), "output")
    for (window, score) in scores.enumerated() {
      outputs.add(score.windowLoss, expected: golden.rlWindow[window], "window \(window)")
      outputs.add(score.lastLoss, expected: golden.rlLastStep[window], "last step of \(window)")
    }
    let steps = probe.train(steps: golden.losses.count, rate: 1e-3)
    outputs.add(steps[0].loss, expected: golden.loss, "loss")
    var gradients = Deviations("gradients")
    gradients.add(golden.gradients, steps[0].gradient)
    var adam = Deviations("Adam steps")
    for (step, expected) in golden.losses.enumerated() {
      adam.add(steps[step].loss, expected: expected, "loss before step \(step + 1)")
    }
    adam.add(golden.parametersAfter1, steps[0].parameters, " after step 1")
    adam.add(golden.parametersAfter10, steps[9].parameters, " after step 10")
    parts = [outputs.part, gradients.part, adam.part]
  }

  /// The largest deviation so far.
  private struct Deviations {
    var part: Part

    init(_ name: String) { part = Part(name: name, largest: 0, place: "-") }

    mutating func add(_ deviation: Double, _ place: String) {
      // Not a number is the worst.
      let deviation = deviation.isNaN ? .infinity : deviation
      if deviation > part.largest { part = Part(name: part.name, largest: deviation, place: place) }
    }

    mutating func add(_ value: Double, expected: Double, _ place: String) {
      add(abs(value - expected) / max(abs(expected), .leastNormalMagnitude), place)
    }

    /// A tensor that the file does not have is infinitely far.
    mutating func add(
      _ expected: [String: GoldenVectors.Expected], _ values: AutoencoderParameters,
      _ suffix: String = ""
    ) {
      for tensor in AutoencoderTensor.allCases {
        add(
          expected[tensor.rawValue]?.deviation(of: values[tensor].map(Double.init)) ?? .infinity,
          tensor.rawValue + suffix)
      }
    }
  }
}
