public import Connections

/// Why a value of a selection cannot be used, and which part of it is at fault.
public struct SelectionProblem: Error, Equatable, Sendable {
  /// The option or key whose value it is.
  public let key: SelectionKey
  /// The value as it was given.
  public let value: String
  /// The kind of fault.
  public let kind: Kind
  /// The part at fault, in UTF-8 offsets of ``value``.
  public let range: Range<Int>
  /// The word that was probably meant.
  public let suggestion: String?

  /// The part of ``value`` at fault.
  public var fault: String { String(decoding: Array(value.utf8)[range], as: UTF8.self) }

  /// The kinds of fault.
  public enum Kind: Equatable, Sendable {
    /// There is no value, or an item of the list is empty.
    case missing
    /// There is no such state.
    case unknownState
    /// It is a number with a zero in front, which could be octal.
    case leadingZero
    /// It is not a duration.
    case duration(DurationProblem)
    /// It is neither an address nor a block, and no name looks like it.
    case notAHost
    /// The prefix length is not a number from 0 to the greatest.
    case badPrefixLength(greatest: Int)
    /// The name of the host gives no address.
    case hostLookup(LookupFailure)
    /// It is neither a number nor the name of a service.
    case notAPort
    /// It is a number, and not from 1 to 65535.
    case portOutOfRange
    /// A number is missing before or after the `-`.
    case openRange
    /// The range ends before it starts.
    case backwardRange
    /// The service is one of UDP, and TCP has none of that name.
    case udpService
    /// There is no such service.
    case unknownService
    /// It is not a pattern.
    case glob(GlobProblem)
    /// It is not a number from 1 to 2147483647.
    case notAPid
    /// It can be neither the name nor the id of a container.
    case notAContainer
    /// It can be neither the name nor the uid of a pod.
    case notAPod
    /// It is not a path from the root.
    case notAControlGroup
    /// It is a number, and not from 0 to 4294967294.
    case userOutOfRange
    /// The name of the user gives no uid: there is no such user, or it cannot be looked up.
    case userLookup(LookupFailure)
    /// There is no such interface.
    case unknownInterface
    /// It is neither `all`, nor a name of `ip netns`, nor a number, nor a path.
    case unknownNamespace
    /// It is neither a decimal number nor `0x` and a hexadecimal one, of 32 bits.
    case notAMark
    /// The mark has bits that the mask takes away, so that nothing could match.
    case markOutsideMask
    /// It is not a whole number with or without k, M or G.
    case notASize
    /// No queue can be so long.
    case sizeTooLarge
    /// Every queue is so long.
    case sizeZero
    /// It is not a family.
    case unknownFamily
    /// It is not a filter.
    case filter(FilterProblem)
  }
}

extension SelectionProblem: CustomStringConvertible {
  /// The message for a user, with the remedy; it does not name the option or the place.
  public var description: String {
    guard let suggestion else { return message }
    return "\(message); did you mean \(suggestion.quoted)?"
  }

  private var message: String {
    let fault = self.fault.quoted
    return switch kind {
    case .missing: "a \(key.valueName) is missing"
    case .unknownState: "unknown state \(fault)"
    case .leadingZero: LeadingZero.message(self.fault)
    case .duration(let problem): problem.description
    case .notAHost: "\(fault) is not an address, a block as in 10.0.0.0/8, or a host name"
    case .badPrefixLength(let greatest):
      "\(fault) is not a prefix length; it is a number from 0 to \(greatest)"
    case .hostLookup(let failure): "cannot look up the host \(fault): \(failure)"
    case .notAPort: "\(fault) is not a port, a range as in 8000-8100, or a service name"
    case .portOutOfRange: "\(fault) is not a port; it is a number from 1 to 65535"
    case .openRange: "a range of ports has a number on both sides, as in 8000-8100"
    case .backwardRange: "the range \(fault) ends before it starts"
    case .udpService: "\(fault) is a UDP service only; give the TCP port as a number"
    case .unknownService: "unknown service \(fault)"
    case .glob(let problem): problem.description
    case .notAPid: "\(fault) is not a process id; it is a number from 1 to \(Int32.max)"
    case .notAContainer:
      "\(fault) is not a container; write its name, its id or the start of its id"
    case .notAPod: "\(fault) is not a pod; write its name, as in default/web-1, or its uid"
    case .notAControlGroup:
      "\(fault) is not the path of a cgroup; write it as in /system.slice/nginx.service"
    case .userOutOfRange: "\(fault) is not a uid; it is a number from 0 to \(UInt32.max - 1)"
    case .userLookup(.noSuchName): "unknown user \(fault)"
    case .userLookup(let failure): "cannot look up the user \(fault): \(failure)"
    case .unknownInterface: "unknown interface \(fault)"
    case .unknownNamespace:
      "unknown network namespace \(fault): it is a name that 'ip netns' lists, a pid, a path or all"
    case .notAMark: "\(fault) is not a 32-bit number; write 10 or 0xa"
    case .markOutsideMask: "the mark \(fault) has bits that its mask takes away: nothing matches"
    case .notASize: "\(fault) is not a size; write 4096, 64k, 1M or 1G"
    case .sizeTooLarge: "\(fault) is more than a queue can hold; the most is \(UInt32.max)"
    case .sizeZero: "every queue holds at least 0 bytes; write 1 or more"
    case .unknownFamily: "\(fault) is not a family; write ipv4 or ipv6"
    case .filter(let problem): problem.description
    }
  }
}
