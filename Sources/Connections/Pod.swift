/// A Kubernetes pod, as far as it is known: by its uid, by its name, or by both.
public struct Pod: Hashable, Sendable {
  /// The uid, as the API server has it.
  public let uid: String?
  /// Its namespace in Kubernetes; nil when unknown.
  public let namespace: KernelName?
  /// Its name; nil when unknown.
  public let name: KernelName?

  /// The pod of which these facts are known.
  public init(uid: String?, namespace: KernelName? = nil, name: KernelName? = nil) {
    self.uid = uid
    self.namespace = namespace
    self.name = name
  }

  /// What a table calls it: `default/web-1`, or else the uid.
  public var label: KernelName {
    guard let name else { return KernelName(uid ?? "") }
    return namespace.map { KernelName(bytes: $0.bytes + [UInt8(ascii: "/")] + name.bytes) } ?? name
  }
}

extension Pod {
  /// The uid in `kubepods-burstable-podUID.slice`, where systemd wants `_` for `-`, and in `podUID`.
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

  /// Whether `text` is a UUID or, of a pod that the kubelet has from a file, 32 digits.
  public static func isUID(_ text: some StringProtocol) -> Bool {
    let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }
    return digits.count == 32 && digits.allSatisfy(\.isLowerHexadecimalDigit)
      && [32, 36].contains(text.utf8.count)
  }
}
