public import Connections

/// An invalid value in a selection.
public struct SelectionProblem: Error, Equatable, Sendable {
  /// The option or policy key.
  public let key: SelectionKey
  /// The value as the user wrote it.
  public let value: String
  /// The kind of error.
  public let kind: Kind
  /// The faulty part, in UTF-8 offsets of ``value``.
  public let range: Range<Int>
  /// The word that the user probably meant.
  public let suggestion: String?

  /// The faulty part of ``value``.
  public var fault: String { String(decoding: Array(value.utf8)[range], as: UTF8.self) }

  /// The kinds of error.
  public enum Kind: Equatable, Sendable {
    /// A missing value, or an empty item in a list.
    case missing
    /// An unknown state.
    case unknownState
    /// A number with a leading zero, which could be octal.
    case leadingZero
    /// An invalid duration.
    case duration(DurationProblem)
    /// Neither an address, nor a block, nor a possible host name.
    case notAHost
    /// A prefix length that is not a number from 0 to `maximum`.
    case badPrefixLength(maximum: Int)
    /// A host name that resolves to no address.
    case hostLookup(LookupFailure)
    /// Neither a number nor a possible service name.
    case notAPort
    /// A number outside 1 to 65535.
    case portOutOfRange
    /// A range without a number before or after the `-`.
    case openRange
    /// A range whose end precedes its start.
    case backwardRange
    /// A service of UDP but not of TCP.
    case udpService
    /// An unknown service.
    case unknownService
    /// An invalid pattern.
    case glob(GlobProblem)
    /// Not a number from 1 to 2147483647.
    case notAPid
    /// Neither a possible name nor a possible ID of a container.
    case notAContainer
    /// Neither a possible name nor a possible uid of a pod.
    case notAPod
    /// Not an absolute path.
    case notAControlGroup
    /// A number outside 0 to 4294967294.
    case userOutOfRange
    /// A user name that does not resolve to a uid.
    case userLookup(LookupFailure)
    /// An unknown interface.
    case unknownInterface
    /// Neither `all`, nor a name in `ip netns`, nor a pid, nor a path.
    case unknownNamespace
    /// Not a 32-bit number, decimal or hexadecimal with `0x`.
    case notAMark
    /// A mark with bits outside its mask, which never matches.
    case markOutsideMask
    /// A duration of 0, which every connection reaches.
    case durationZero
    /// Not a number, optionally with a unit.
    case notASize
    /// A size above the maximum of a queue.
    case sizeTooLarge
    /// A size of 0, which matches every queue.
    case sizeZero
    /// An unknown address family.
    case unknownFamily
    /// An invalid filter.
    case filter(FilterProblem)
  }
}

extension SelectionProblem: CustomStringConvertible {
  /// The message for the user, with the remedy but without the option or the position.
  public var description: String {
    guard let suggestion else { return message + choices }
    return "\(message); did you mean \(suggestion.quoted)?"
  }

  /// The valid words, if there are few.
  private var choices: String {
    kind == .unknownState ? "; the states are " + TCPStateSet.words.joined(separator: ", ") : ""
  }

  private var message: String {
    let fault = self.fault.quoted
    return switch kind {
    case .missing: "missing \(key.valueName)"
    case .unknownState: "unknown state \(fault)"
    case .leadingZero: LeadingZero.message(self.fault)
    case .duration(let problem): problem.description
    case .notAHost: "\(fault) is not an address, a CIDR block such as 10.0.0.0/8, or a host name"
    case .badPrefixLength(let maximum):
      "\(fault) is not a prefix length; use a number from 0 to \(maximum)"
    case .hostLookup(let failure): "cannot look up the host \(fault): \(failure)"
    case .notAPort: "\(fault) is not a port, a range such as 8000-8100, or a service name"
    case .portOutOfRange: "\(fault) is not a port; use a number from 1 to 65535"
    case .openRange: "a port range needs both ends, as in 8000-8100"
    case .backwardRange: "the range \(fault) ends before it starts"
    case .udpService: "\(fault) is a UDP service only; use the number of the TCP port"
    case .unknownService: "unknown service \(fault)"
    case .glob(let problem): problem.description
    case .notAPid: "\(fault) is not a pid; use a number from 1 to \(Int32.max)"
    case .notAContainer: "\(fault) is not a container; use its name, ID or ID prefix"
    case .notAPod: "\(fault) is not a pod; use its name, such as default/web-1, or its uid"
    case .notAControlGroup: "\(fault) is not a cgroup path such as /system.slice/nginx.service"
    case .userOutOfRange: "\(fault) is not a uid; use a number from 0 to \(UInt32.max - 1)"
    case .userLookup(.noSuchName): "unknown user \(fault)"
    case .userLookup(let failure): "cannot look up the user \(fault): \(failure)"
    case .unknownInterface: "unknown interface \(fault)"
    case .unknownNamespace:
      "unknown network namespace \(fault); use a name listed by 'ip netns', a pid, a path or all"
    case .notAMark: "\(fault) is not a 32-bit number such as 10 or 0xa"
    case .markOutsideMask: "the mark \(fault) has bits outside its mask and never matches"
    case .notASize: "\(fault) is not a size such as 4096, 64k, 1.5M or 1G"
    case .sizeTooLarge: "\(fault) is more than a queue can hold; the maximum is \(UInt32.max)"
    case .durationZero: "a duration of 0 matches every connection; use 1ms or more"
    case .sizeZero: "a size of 0 matches every queue; use 1 or more"
    case .unknownFamily: "\(fault) is not an address family; use ipv4 or ipv6"
    case .filter(let problem): problem.description
    }
  }
}
