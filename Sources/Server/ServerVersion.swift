/// What the server calls itself.
public enum ServerVersion {
  /// Vigil's own version, in `X-Vigil-Version` and `/health`.
  public static let vigil = "0.1.0"

  /// The version in `X-Influxdb-Version`. Client libraries read it to tell which dialect they may
  /// speak; 1.8.10 is the last of the 1.x line whose HTTP interface this server has.
  public static let influxDBCompatible = "1.8.10"

  /// `X-Influxdb-Build`.
  public static let build = "Vigil"
}
