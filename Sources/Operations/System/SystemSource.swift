/// Where connections are read from.
package enum SystemSource: Equatable, Sendable {
  /// The running kernel; the conversation with it is also written to a file, if there is a path.
  case kernel(recordingTo: String? = nil)
  /// A recording of a conversation with the kernel, and a copy of `/proc`, if there is one.
  case recording(String, procRoot: String?)
}
