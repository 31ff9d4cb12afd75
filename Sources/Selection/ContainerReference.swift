public import Connections

/// A container named in a selection by its name, its ID or an ID prefix.
public struct ContainerReference: Equatable, Sendable {
  /// The name or ID, without the runtime prefix.
  public let text: KernelName
  private let digits: KernelName?

  /// The length of the shortest accepted ID prefix, in hexadecimal digits.
  public static let minimumDigits = 4
  /// The number of hexadecimal digits from which the text can only be an ID, not a name.
  private static let unambiguousDigits = 12

  /// Parses `web`, `0a1b2c3d4e5f`, `docker://ID` or `docker-ID.scope`.
  ///
  /// Nil if `text` can be neither a name nor an ID.
  public init?(_ text: some StringProtocol) {
    var name = text[...]
    if let scheme = name.firstRange(of: "://") { name = name[scheme.upperBound...] }
    // Docker's API prints `/web`.
    if name.first == "/", !name.dropFirst().contains("/") { name = name.dropFirst() }
    guard !name.isEmpty, name.isPrintable else { return nil }
    if name.hasSuffix(".scope"), let container = ControlGroup(path: "/\(name)").container {
      self.text = container.id
    } else {
      self.text = KernelName(name)
    }
    let isDigits =
      (Self.minimumDigits...Container.idLength).contains(self.text.count)
      && self.text.bytes.allSatisfy(\.isHexadecimalDigit)
    digits = isDigits ? KernelName(self.text.text.lowercased()) : nil
  }

  /// Whether a process in `group` is in the container.
  ///
  /// Unknown if it depends on an unknown name. Names are unknown for the containers of other users
  /// and of unsupported runtimes.
  public func verdict(of group: ControlGroup) -> Verdict {
    group.containers.reduce(.no) { $0.or(verdict(of: $1)) }
  }

  private func verdict(of container: Container) -> Verdict {
    if container.id == text { return .yes }
    if let digits, container.hasHexadecimalID, container.id.hasPrefix(digits) { return .yes }
    guard let name = container.name else {
      return (digits?.count ?? 0) >= Self.unambiguousDigits ? .no : .unknown
    }
    return Verdict(name == text || container.otherNames.contains(text))
  }
}

/// A Kubernetes pod named in a selection by its uid, its name, or its namespace and name.
public struct PodReference: Equatable, Sendable {
  /// `web-1`, `default/web-1`, or a uid.
  public let text: KernelName
  private let uid: String

  /// Parses a pod name or uid; nil if `text` can be neither.
  public init?(_ text: some StringProtocol) {
    guard !text.isEmpty, text.isPrintable else { return nil }
    self.text = KernelName(text)
    uid = text.lowercased()
  }

  /// Whether a process in `group` is in the pod.
  ///
  /// Unknown for a container whose name is unknown: it may be in any pod.
  public func verdict(of group: ControlGroup) -> Verdict {
    guard let pod = group.pod else {
      // Without a kubelet path, only the runtime's files identify the pod.
      return group.containers.contains { $0.name == nil } ? .unknown : .no
    }
    if pod.uid == uid { return .yes }
    guard let name = pod.name else {
      return Pod.isUID(uid) && pod.uid != nil ? .no : .unknown
    }
    return Verdict(name == text || pod.label == text)
  }
}

extension StringProtocol {
  /// Whether it contains neither spaces nor control characters.
  fileprivate var isPrintable: Bool {
    unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7f }
  }
}

extension KernelName {
  fileprivate func hasPrefix(_ prefix: KernelName) -> Bool {
    withBytes { bytes in prefix.withBytes { bytes.isPrefixed(by: $0) } }
  }
}
