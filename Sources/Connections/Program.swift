/// A program: all processes of one executable, or of one script, jar or module of an interpreter,
/// in one container or systemd unit.
public struct Program: Hashable, Sendable {
  /// The name; see ``OwnerProcess/program``. The process may have chosen it: escape it before
  /// printing.
  public let name: KernelName
  /// Where it runs; nil if unknown.
  public let place: Place?

  /// Where a program runs.
  public enum Place: Hashable, Sendable {
    /// In this container.
    case container(Container)
    /// In this systemd unit, outside a container.
    case unit(KernelName)

    /// The container's name or short ID, or the unit.
    public var label: KernelName {
      switch self {
      case .container(let container): container.label
      case .unit(let name): name
      }
    }
  }

  /// The program with this name at this place.
  public init(name: KernelName, place: Place?) {
    self.name = name
    self.place = place
  }

  /// The program that `process` runs; nil if its name is unknown.
  public init?(_ process: OwnerProcess) {
    guard let name = process.shownName else { return nil }
    self.init(name: name, place: process.controlGroup.flatMap { Place($0) })
  }

  /// `orders.jar (orders.service)`.
  public var label: KernelName { place.map { name + " (\($0.label.text))" } ?? name }
}

extension Program.Place {
  /// The container of `group`, or else its unit; nil if it has neither.
  public init?(_ group: ControlGroup) {
    if let container = group.container {
      self = .container(container)
    } else if let unit = group.unit {
      self = .unit(unit)
    } else {
      return nil
    }
  }
}
