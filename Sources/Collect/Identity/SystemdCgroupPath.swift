/// The cgroup's path from what a runtime's configuration calls `cgroupsPath`.
///
/// It is a path already, or, where systemd keeps the cgroups, `slice:prefix:name`; runc then makes
/// the scope `prefix-name.scope` in the slice, and a slice's place follows from its own name:
/// `a-b.slice` is in `a.slice` (systemd.slice(5)).
enum SystemdCgroupPath {
  /// Nil where `cgroupsPath` has neither form.
  static func expanded(_ cgroupsPath: String) -> String? {
    if cgroupsPath.hasPrefix("/") { return cgroupsPath }
    let parts = cgroupsPath.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[2].isEmpty, !parts[2].contains("/"), !parts[1].contains("/"),
      let slice = slicePath(parts[0].isEmpty ? "system.slice" : String(parts[0]))
    else { return nil }
    let unit = parts[2].hasSuffix(".slice") ? String(parts[2]) : "\(parts[1])-\(parts[2]).scope"
    return slice + "/" + unit
  }

  /// The path of a slice, without a slash at its end.
  private static func slicePath(_ name: String) -> String? {
    if name == "-.slice" { return "" }
    guard name.hasSuffix(".slice"), !name.contains("/") else { return nil }
    var path = ""
    var prefix = ""
    for part in name.dropLast(".slice".count).split(
      separator: "-", omittingEmptySubsequences: false)
    {
      guard !part.isEmpty else { return nil }
      prefix += (prefix.isEmpty ? "" : "-") + part
      path += "/\(prefix).slice"
    }
    return path
  }
}
