import HTTPTypes

/// Header names beyond those HTTPTypes knows, as InfluxDB spells them.
enum HeaderName {
  static let influxDBVersion = HTTPField.Name("X-Influxdb-Version")!
  static let influxDBBuild = HTTPField.Name("X-Influxdb-Build")!
  static let influxDBError = HTTPField.Name("X-Influxdb-Error")!
  static let vigilVersion = HTTPField.Name("X-Vigil-Version")!
  static let requestID = HTTPField.Name("Request-Id")!
  static let xRequestID = HTTPField.Name("X-Request-Id")!
}
