/// What to read connections from.
package enum SystemSource: Equatable, Sendable {
  /// The running kernel. With a path, the conversation with it is recorded to that file.
  case kernel(recordingTo: String? = nil)
  /// A recording of a conversation with the kernel, and a copy of `/proc`, if any.
  case recording(String, procRoot: String?)
}
