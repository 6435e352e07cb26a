/// What a container's verbose status tells in JSON of the runtime's own: the API leaves its form open,
/// and containerd and CRI-O agree on these keys.
struct RuntimeInfo: Decodable {
  var pid: Int32?
  var runtimeSpec: RuntimeSpec?

  /// A part of the OCI runtime configuration.
  struct RuntimeSpec: Decodable {
    var linux: Linux?

    struct Linux: Decodable {
      var cgroupsPath: String?
    }
  }

  struct TooLarge: Error, CustomStringConvertible {
    var count: Int
    var limit: Int

    var description: String { "its description has \(count) bytes, more than \(limit)" }
  }
}
