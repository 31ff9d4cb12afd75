internal import SystemPackage

/// Who can change a file, as its open descriptor says.
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

  /// Whether someone who is neither the owner nor root can write. Access lists show in the group's bits.
  var isWritableByOthers: Bool {
    !permissions.isDisjoint(with: [.groupWrite, .otherWrite])
  }
}
