/// A click or a turn of the wheel.
public struct ScreenMouse: Equatable, Sendable {
  /// What the mouse did.
  public var action: Action
  /// Where the pointer was.
  public var place: ScreenPicture.Place

  /// The actions that a screen reports.
  public enum Action: Equatable, Sendable {
    /// The first button was pressed.
    case press
    /// The wheel was turned by one notch, away from the user.
    case wheelUp
    /// The wheel was turned by one notch, towards the user.
    case wheelDown
  }

  /// Creates an event.
  public init(_ action: Action, at place: ScreenPicture.Place) {
    self.action = action
    self.place = place
  }
}
