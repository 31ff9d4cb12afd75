public import Connections
internal import Glibc
public import SystemPackage

// Paths of any bytes, which need not be UTF-8.
extension FilePath {
  /// The path whose bytes are those of `name`, up to a NUL.
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

  /// The path with a name of any bytes behind it; unchanged where that is no name of a file.
  func appending(_ name: KernelName) -> FilePath {
    let characters = name.bytes.map { CChar(bitPattern: $0) } + [0]
    return FilePath.Component(platformString: characters).map { appending($0) } ?? self
  }
}
