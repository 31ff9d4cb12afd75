/// A Kubernetes pod, identified by its UID, its name, or both.
public struct Pod: Hashable, Sendable {
  /// The UID that the API server assigned; nil when unknown.
  public let uid: String?
  /// The Kubernetes namespace; nil when unknown.
  public let namespace: KernelName?
  /// The name; nil when unknown.
  public let name: KernelName?

  /// Creates a pod from the parts of its identity that are known.
  public init(uid: String?, namespace: KernelName? = nil, name: KernelName? = nil) {
    self.uid = uid
    self.namespace = namespace
    self.name = name
  }

  /// The name in tables: `default/web-1`, or the UID when the name is unknown.
  public var label: KernelName {
    guard let name else { return KernelName(uid ?? "") }
    return namespace.map { KernelName(bytes: $0.bytes + [UInt8(ascii: "/")] + name.bytes) } ?? name
  }
}

extension Pod {
  /// The UID in `kubepods-burstable-podUID.slice` (systemd writes `-` as `_`) or in `podUID`.
  static func uid(_ component: ArraySlice<UInt8>) -> String? {
    let name = component.prefix { $0 != UInt8(ascii: ":") }
    let uid: ArraySlice<UInt8>
    if name.ends(in: ".slice") {
      guard name.afterLast("kubepods") != nil, let rest = name.afterLast("-pod") else { return nil }
      uid = rest.dropLast(".slice".count)
    } else {
      guard name.begins(with: "pod") else { return nil }
      uid = name.dropFirst("pod".count)
    }
    let dashed = uid.map { $0 == UInt8(ascii: "_") ? UInt8(ascii: "-") : $0 }
    let text = String(decoding: dashed, as: UTF8.self)
    return isUID(text) ? text : nil
  }

  /// Whether `text` is a UUID, or the 32 digits that the kubelet gives a static pod.
  public static func isUID(_ text: some StringProtocol) -> Bool {
    let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }
    return digits.count == 32 && digits.allSatisfy(\.isLowerHexadecimalDigit)
      && [32, 36].contains(text.utf8.count)
  }
}
