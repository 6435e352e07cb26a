import ArgumentParser
import Bench
import Foundation

struct Golden: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check the LSTM autoencoder against a file of expected values.",
    discussion: """
      The file has an autoencoder, a batch, and its outputs, gradients and ten steps of Adam as \
      another implementation computed them in double. The exit status is 1 where an error is \
      larger than 1e-4, which is what float arithmetic allows.
      """)

  @Argument(help: "The JSON file.")
  var file: String

  func run() throws {
    let report = try GoldenReport(checking: URL(fileURLWithPath: file))
    print(report.text, terminator: "")
    if report.largest > 1e-4 { throw ExitCode.failure }
  }
}
