/// The pod that a cgroup's path names.
enum CgroupPod: Hashable {
  /// Kubernetes' uid. A static pod's is a hash, which the API server has as the annotation
  /// `kubernetes.io/config.hash`.
  case kubernetes(uid: String)
  /// Podman's id of the pod.
  case podman(id: String)

  /// The pod nearest to the end of `path`; nil where none is named.
  init?(inPath path: String) {
    let names = path.split(separator: "/")
    for (index, name) in names.enumerated().reversed() {
      // Of `SLICE:PREFIX:ID` the slice is the pod's.
      let unit = name.prefix { $0 != ":" }
      if let pod = Self.inSlice(unit) ?? Self.inDirectory(unit, below: names[..<index]) {
        self = pod
        return
      }
    }
    return nil
  }

  /// `kubepods-…-pod<uid>.slice`, below whatever slice the kubelet's root is, with the uid's dashes as
  /// underscores; `machine-libpod_pod_<id>.slice`.
  private static func inSlice(_ unit: Substring) -> CgroupPod? {
    guard unit.hasSuffix(".slice") else { return nil }
    let parts = unit.dropLast(".slice".count).split(separator: "-")
    guard let last = parts.last else { return nil }
    if let id = last.removing(prefix: "libpod_pod_") { return .podman(id: String(id)) }
    guard let escaped = last.removing(prefix: "pod") else { return nil }
    let uid = String(escaped.map { $0 == "_" ? "-" : $0 })
    return parts.contains("kubepods") || isUsualUID(uid) ? .kubernetes(uid: uid) : nil
  }

  /// `pod<uid>`; podman's pod by its place.
  private static func inDirectory(
    _ name: Substring, below parents: ArraySlice<Substring>
  ) -> CgroupPod? {
    if case .pod(let id) = CgroupName(name, in: parents.last ?? "") { return .podman(id: id) }
    guard let uid = name.removing(prefix: "pod").map(String.init),
      parents.contains("kubepods") || isUsualUID(uid)
    else { return nil }
    return .kubernetes(uid: uid)
  }

  /// The API server's are UUIDs, the kubelet's are hashes of 32 digits. Only below `kubepods` are
  /// others believed: a manifest may give any.
  private static func isUsualUID(_ uid: String) -> Bool {
    let digits = uid.filter { $0 != "-" }
    return digits.utf8.count == 32 && digits.allSatisfy { $0.isHexDigit && $0.isASCII }
  }
}

extension Substring {
  /// Nil without the prefix, or where nothing follows it.
  fileprivate func removing(prefix: String) -> Substring? {
    hasPrefix(prefix) && utf8.count > prefix.utf8.count ? dropFirst(prefix.count) : nil
  }
}
