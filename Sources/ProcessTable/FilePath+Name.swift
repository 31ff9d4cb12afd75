public import Connections
internal import Glibc
public import SystemPackage

// Paths of arbitrary bytes, which need not be UTF-8.
extension FilePath {
  /// The path with the bytes of `name`, up to a NUL.
  public init(name: KernelName) {
    let characters = name.bytes.map { CChar(bitPattern: $0) } + [0]
    self = FilePath(platformString: characters)
  }

  /// The bytes of the path.
  public var name: KernelName {
    unsafe withPlatformString { start in
      unsafe KernelName(bytes: UnsafeRawBufferPointer(start: start, count: strlen(start)))
    }
  }

  /// The path with `name` appended; unchanged if `name` is not a valid file name.
  func appending(_ name: KernelName) -> FilePath {
    let characters = name.bytes.map { CChar(bitPattern: $0) } + [0]
    return FilePath.Component(platformString: characters).map { appending($0) } ?? self
  }
}
