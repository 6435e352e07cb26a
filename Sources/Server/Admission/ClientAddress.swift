import NIOCore

/// Whom a request is from, as far as shares go: an IPv4 address, or the first 64 bits of an IPv6
/// one, which is what one client has all of.
struct ClientAddress: Hashable, Sendable {
  private let network: UInt64
  private let isIPv6: Bool

  /// What connections without an address (Unix sockets) have in common.
  static let local = ClientAddress(network: 0, isIPv6: false)

  init(network: UInt64, isIPv6: Bool) {
    self.network = network
    self.isIPv6 = isIPv6
  }

  init(_ address: SocketAddress?) {
    switch address {
    case .v4(let address):
      self.init(network: UInt64(address.address.sin_addr.s_addr), isIPv6: false)
    case .v6(let address):
      let bytes = withUnsafeBytes(of: address.address.sin6_addr) {
        $0.loadUnaligned(as: UInt64.self)
      }
      self.init(network: bytes, isIPv6: true)
    case .unixDomainSocket, nil: self = .local
    }
  }
}
