internal import SystemPackage

/// Who can change a file, read from its open descriptor.
struct AccessFacts {
  let type: FileType
  let owner: UInt32
  let permissions: FilePermissions

  init(of file: borrowing OpenFile) throws(Errno) {
    let stat = try file.descriptor.stat()
    type = stat.type
    owner = stat.userID.rawValue
    permissions = stat.permissions
  }

  /// Whether anyone other than the owner and root can write. Access control lists affect the group
  /// bits.
  var isWritableByOthers: Bool {
    !permissions.isDisjoint(with: [.groupWrite, .otherWrite])
  }
}
