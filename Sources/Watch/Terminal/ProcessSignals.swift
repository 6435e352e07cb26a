import Dispatch
import Foundation

/// Signals as calls of a closure, for as long as this lives.
final class ProcessSignals {
  private let sources: [any DispatchSourceSignal]

  /// `numbers` lose their usual effect.
  init(_ numbers: [Int32], handle: @escaping @Sendable (Int32) -> Void) {
    sources = numbers.map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { handle(number) }
      source.resume()
      return source
    }
  }

  deinit { for source in sources { source.cancel() } }
}
