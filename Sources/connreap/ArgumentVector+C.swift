import ConnreapCommands

extension ArgumentVector {
  /// Copies the `count` strings of the C vector `arguments`.
  init(count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) {
    var strings: [[UInt8]] = []
    for index in 0..<Int(max(0, count)) {
      guard let string = unsafe arguments?[index] else { break }
      var bytes: [UInt8] = []
      var next = unsafe string
      while unsafe next.pointee != 0 {
        unsafe bytes.append(UInt8(bitPattern: next.pointee))
        unsafe next += 1
      }
      strings.append(bytes)
    }
    self.init(strings)
  }
}
