public import Connections

/// A container as a selection names it: its name, its id, or the start of its id.
public struct ContainerText: Equatable, Sendable {
  /// The name or id, without the runtime in front of it.
  public let text: KernelName
  private let digits: KernelName?

  /// How many digits at least the start of an id has.
  public static let fewestDigits = 4
  /// From how many hexadecimal digits on it is taken as an id, and not as a name that is unknown.
  private static let surelyAnID = 12

  /// The container that `text` names, as people and runtimes write it: `web`, `0a1b2c3d4e5f`,
  /// `docker://ID`, `docker-ID.scope`. Nil when it can be neither a name nor an id.
  public init?(_ text: some StringProtocol) {
    var name = text[...]
    if let scheme = name.firstRange(of: "://") { name = name[scheme.upperBound...] }
    // As the API of Docker has it: `/web`.
    if name.first == "/", !name.dropFirst().contains("/") { name = name.dropFirst() }
    guard !name.isEmpty, name.isPrintable else { return nil }
    if name.hasSuffix(".scope"), let container = ControlGroup(path: "/\(name)").container {
      self.text = container.id
    } else {
      self.text = KernelName(name)
    }
    let isDigits =
      (Self.fewestDigits...Container.idLength).contains(self.text.count)
      && self.text.bytes.allSatisfy(\.isHexadecimalDigit)
    digits = isDigits ? KernelName(self.text.text.lowercased()) : nil
  }

  /// Whether a process in `group` is in the container.
  ///
  /// Unknown where it depends on a name that is unknown: of a container that another user runs, or
  /// of a runtime that connreap does not know.
  public func verdict(of group: ControlGroup) -> Verdict {
    group.containers.reduce(.no) { $0.or(verdict(of: $1)) }
  }

  private func verdict(of container: Container) -> Verdict {
    if container.id == text { return .yes }
    if let digits, container.hasHexadecimalID, container.id.hasPrefix(digits) { return .yes }
    guard let name = container.name else {
      return (digits?.count ?? 0) >= Self.surelyAnID ? .no : .unknown
    }
    return Verdict(name == text || container.otherNames.contains(text))
  }
}

/// A Kubernetes pod as a selection names it: its uid, its name, or both namespace and name.
public struct PodText: Equatable, Sendable {
  /// `web-1`, `default/web-1`, or a uid.
  public let text: KernelName
  private let uid: String

  /// The pod that `text` names; nil when it cannot be a name.
  public init?(_ text: some StringProtocol) {
    guard !text.isEmpty, text.isPrintable else { return nil }
    self.text = KernelName(text)
    uid = text.lowercased()
  }

  /// Whether a process in `group` is in the pod. A container without a known name may be in any.
  public func verdict(of group: ControlGroup) -> Verdict {
    guard let pod = group.pod else {
      // Without the kubelet's path, only the runtime's files tell the pod.
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
  /// Whether no blank and no control character is in it.
  fileprivate var isPrintable: Bool {
    unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7f }
  }
}

extension KernelName {
  fileprivate func hasPrefix(_ start: KernelName) -> Bool {
    withBytes { bytes in start.withBytes { bytes.isPrefixed(by: $0) } }
  }
}
