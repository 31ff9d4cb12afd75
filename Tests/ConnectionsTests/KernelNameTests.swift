import Connections
import TestSupport
import Testing

@Suite("Kernel names")
struct KernelNameTests {
  /// Equal as Swift strings, but different to the kernel.
  private static let composed: KernelName = "caf\u{e9}.service"
  private static let decomposed: KernelName = "cafe\u{301}.service"

  @Test("Names are equal only if their bytes are equal")
  func equality() {
    #expect("caf\u{e9}" == "cafe\u{301}", "String considers them equal")
    #expect(Self.composed != Self.decomposed)
    #expect(Set([Self.composed, Self.decomposed, Self.composed]).count == 2)
    #expect([Self.composed: 1, Self.decomposed: 2][Self.decomposed] == 2)
    // Swift considers the kelvin sign a K.
    #expect(KernelName("\u{212a}") != "K")
    #expect(KernelName(bytes: [0xff]) != KernelName(bytes: [0xfe]))
    #expect(KernelName(bytes: [0xff]) != "\u{fffd}")
    #expect(KernelName(bytes: Array("java".utf8)) == "java")
  }

  @Test("Names keep any bytes and are ordered by them")
  func anyBytes() {
    var generator = Seeded(41)
    let alphabet: [UInt8] = [
      0x61, 0x2f, 0xc3, 0xa9, 0x65, 0xcc, 0x81, 0xff, 0x80, 0xe2, 0x82, 0xac,
    ]
    var names: [[UInt8]] = []
    for _ in 0..<400 {
      names.append(
        (0..<Int.random(in: 0...5, using: &generator)).compactMap { _ in
          alphabet.randomElement(using: &generator)
        })
    }
    for one in names {
      let name = KernelName(bytes: one)
      #expect(name.bytes == one && name.count == one.count)
      #expect(name.exactText.map { Array($0.utf8) } ?? one == one)
      #expect((name.exactText == nil) == (String(validating: one, as: UTF8.self) == nil))
      for other in names {
        #expect((name == KernelName(bytes: other)) == (one == other))
        #expect((name < KernelName(bytes: other)) == one.lexicographicallyPrecedes(other))
        if one == other { #expect(name.hashValue == KernelName(bytes: other).hashValue) }
      }
    }
  }

  @Test(
    "Invalid bytes are shown as numbers",
    arguments: [
      ([0x61, 0xff, 0x62], "a\\xffb"), ([0xc3], "\\xc3"), ([0xc3, 0xa9], "é"),
      ([0xe2, 0x82, 0x61], "\\xe2\\x82a"), ([], ""), ([0xed, 0xa0, 0x80], "\\xed\\xa0\\x80"),
    ] as [([UInt8], String)])
  func text(bytes: [UInt8], text: String) {
    #expect(Array(KernelName(bytes: bytes).text.utf8) == Array(text.utf8))
  }

  @Test("Suffixes are compared by bytes")
  func suffix() {
    #expect(Self.composed.hasSuffix(".service") && Self.composed.hasSuffix(""))
    #expect(!KernelName("e\u{301}").hasSuffix("\u{e9}"))
    #expect(!KernelName("a").hasSuffix("aa"))
    #expect(KernelName(bytes: [0xff, 0x2e]).hasSuffix("."))
    #expect(KernelName(bytes: [0xff]) + "[1]" == KernelName(bytes: [0xff] + Array("[1]".utf8)))
  }
}

@Suite("Cgroups with arbitrary bytes in their names")
struct ControlGroupNameTests {
  @Test("Cgroup identity and ancestry are decided by bytes")
  func identity() {
    let one = ControlGroup(path: "/a.slice/caf\u{e9}.service")
    let other = ControlGroup(path: "/a.slice/cafe\u{301}.service")
    #expect(one != other && one.unit != other.unit)
    #expect(Set([one, other]).count == 2)
    #expect(one.isWithin("/a.slice/caf\u{e9}.service") && one.isWithin("/a.slice"))
    #expect(!one.isWithin("/a.slice/cafe\u{301}.service") && !one.isWithin("/a.slice/caf"))
    #expect(one.isWithin("/") && !one.isWithin("/a.slice/caf\u{e9}.service/x"))
  }

  @Test("Invalid bytes are kept in the path and in the unit")
  func stray() {
    let path = KernelName(bytes: Array("/a.slice/caf".utf8) + [0xff] + Array(".service".utf8))
    let group = ControlGroup(path: path)
    #expect(group.path == path)
    #expect(group.unit == KernelName(bytes: Array("caf".utf8) + [0xff] + Array(".service".utf8)))
    #expect(group.unit != ControlGroup(path: "/a.slice/caf\u{fffd}.service").unit)
    #expect(group.isWithin("/a.slice"))
  }

  @Test(
    arguments: [
      ("/usr/sbin/sshd", true), ("sshd", true), ("/sshd", true), ("/usr/sbin/xsshd", false),
      ("/usr/sbin/sshd/", false), ("/usr/sbin/sshd-session", false), ("shd", false), ("", false),
      ("/usr/sshd/bash", false),
    ])
  func lastComponentFollowsLastSlash(path: String, isSSHD: Bool) {
    #expect(KernelName(path).hasLastComponent("sshd") == isSSHD)
  }

  @Test func invalidUTF8BeforeLastComponentIsIgnored() {
    #expect(KernelName(bytes: [0xff, 0x2f, 0x61]).hasLastComponent("a"))
    #expect(!KernelName(bytes: [0xff, 0x61]).hasLastComponent("a"))
  }
}
