/// What can go wrong between this process and a container runtime: each names the socket and the
/// call.
public enum CRIFailure: Error, Hashable, CustomStringConvertible {
  /// The endpoint is no path of a unix socket: another scheme, or longer than a socket's may be.
  case notASocket(endpoint: String)
  /// The runtime is not there, or went away during the call.
  case unreachable(socket: String, call: String, reason: String)
  case timedOut(socket: String, call: String, after: Duration)
  /// This runtime does not have the call.
  case unimplemented(socket: String, call: String)
  /// The runtime's own error, or an answer that cannot be taken: not the message it should be, or
  /// too large.
  case failed(socket: String, call: String, code: String, reason: String)

  /// Whether another call may well succeed.
  package var isOfOneAnswer: Bool {
    if case .failed = self { true } else { false }
  }

  public var description: String {
    switch self {
    case .notASocket(let endpoint): "\(endpoint): not the path of a unix socket"
    case .unreachable(let socket, let call, let reason): "\(socket): \(call): \(reason)"
    case .timedOut(let socket, let call, let limit):
      "\(socket): \(call): no answer within \(limit)"
    case .unimplemented(let socket, let call):
      "\(socket): \(call): this runtime does not have it"
    case .failed(let socket, let call, let code, let reason):
      "\(socket): \(call): \(reason) (\(code))"
    }
  }
}
