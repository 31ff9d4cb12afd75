import TestSupport

/// Processes whose sockets and names change by passed descriptors, fork, exec and renaming.
final class ChangingMachine {
  /// A process with its name and descriptors.
  private struct Process {
    let pid: Int32
    var name: String
    var executable: String
    let start: Int
    var sockets: [Int32: UInt32] = [:]
  }

  let scene: Scene
  private var processes: [Process] = []
  private let sockets: ClosedRange<UInt32>

  init(connections: Int, isWalked: Bool) {
    scene = Scene.connections(connections)
    if isWalked { scene.tree.file("sys/fs/file-nr", "100\t0\t1000\n") }
    sockets = 11...UInt32(10 + connections)
    var java = Process(pid: 100, name: "java", executable: "java", start: 1000)
    for number in 1...connections { java.sockets[Int32(number)] = UInt32(10 + number) }
    processes.append(java)
    for (pid, name) in [(Int32(200), "sshd"), (300, "worker"), (400, "sshd"), (500, "db")] {
      scene.tree.process(pid, name: name, start: 900)
      processes.append(Process(pid: pid, name: name, executable: name, start: 900))
    }
  }

  func isHeld(inode: UInt32) -> Bool {
    processes.contains { $0.sockets.values.contains(inode) }
  }

  func isProtected(inode: UInt32) -> Bool {
    processes.contains {
      $0.sockets.values.contains(inode) && ($0.name == "sshd" || $0.executable == "sshd")
    }
  }

  func change(_ random: inout Seeded) {
    let place = Int.random(in: 0..<processes.count, using: &random)
    switch Int.random(in: 0..<12, using: &random) {
    case 0..<6:
      // A passed descriptor, which the sender closes or keeps, or which is in flight.
      let sockets = processes[place].sockets.sorted { $0.key < $1.key }
      guard let (descriptor, inode) = sockets.randomElement(using: &random) else { return }
      if Int.random(in: 0..<3, using: &random) > 0 { drop(descriptor, of: place) }
      if Int.random(in: 0..<4, using: &random) > 0 {
        add(inode, to: Int.random(in: 0..<processes.count, using: &random))
      }
    case 6, 7:
      let descriptors = processes[place].sockets.keys.sorted()
      if let descriptor = descriptors.randomElement(using: &random) { drop(descriptor, of: place) }
    case 8, 9:
      let name = ["java", "worker", "db", "sshd"][Int.random(in: 0..<4, using: &random)]
      let isExecuted = Bool.random(using: &random)
      rename(place, name, executable: isExecuted ? name : processes[place].executable)
    case 10: fork(place)
    default:
      // The descriptor in flight arrives.
      if let inode = sockets.first(where: { !isHeld(inode: $0) }) { add(inode, to: place) }
    }
  }

  /// Forks a child with the descriptors of its parent.
  private func fork(_ place: Int) {
    let parent = processes[place]
    let pid = Int32(1000 + processes.count)
    scene.tree.process(pid, name: parent.name, start: Int(pid))
    processes.append(
      Process(pid: pid, name: parent.name, executable: parent.executable, start: Int(pid)))
    rename(processes.count - 1, parent.name, executable: parent.executable)
    for inode in parent.sockets.values.sorted() { add(inode, to: processes.count - 1) }
  }

  private func rename(_ place: Int, _ name: String, executable: String) {
    processes[place].name = name
    processes[place].executable = executable
    scene.tree.process(
      again: processes[place].pid, name: name, executable: executable,
      start: processes[place].start)
  }

  private func add(_ inode: UInt32, to place: Int) {
    var descriptor: Int32 = 0
    while processes[place].sockets[descriptor] != nil { descriptor += 1 }
    processes[place].sockets[descriptor] = inode
    scene.tree.link("\(processes[place].pid)/fd/\(descriptor)", to: "socket:[\(inode)]")
  }

  private func drop(_ descriptor: Int32, of place: Int) {
    processes[place].sockets[descriptor] = nil
    scene.tree.unlink("\(processes[place].pid)/fd/\(descriptor)")
  }
}
