import Connections
import TestSupport
import Testing

@Suite("Names of the kernel")
struct KernelNameTests {
  /// Equal to Swift as text, and not to the kernel.
  private static let composed: KernelName = "caf\u{e9}.service"
  private static let decomposed: KernelName = "cafe\u{301}.service"

  @Test("Names are equal only if their bytes are")
  func equality() {
    #expect("caf\u{e9}" == "cafe\u{301}", "what String says of them")
    #expect(Self.composed != Self.decomposed)
    #expect(Set([Self.composed, Self.decomposed, Self.composed]).count == 2)
    #expect([Self.composed: 1, Self.decomposed: 2][Self.decomposed] == 2)
    // The sign for kelvin is a K to Swift.
    #expect(KernelName("\u{212a}") != "K")
    #expect(KernelName(bytes: [0xff]) != KernelName(bytes: [0xfe]))
    #expect(KernelName(bytes: [0xff]) != "\u{fffd}")
    #expect(KernelName(bytes: Array("java".utf8)) == "java")
  }

  @Test("Any bytes come back as they went in, and are in the order of their values")
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
    "A stray byte is shown as its number",
    arguments: [
      ([0x61, 0xff, 0x62], "a\\xffb"), ([0xc3], "\\xc3"), ([0xc3, 0xa9], "é"),
      ([0xe2, 0x82, 0x61], "\\xe2\\x82a"), ([], ""), ([0xed, 0xa0, 0x80], "\\xed\\xa0\\x80"),
    ] as [([UInt8], String)])
  func text(bytes: [UInt8], text: String) {
    #expect(Array(KernelName(bytes: bytes).text.utf8) == Array(text.utf8))
  }

  @Test("A suffix is compared by bytes")
  func suffix() {
    #expect(Self.composed.hasSuffix(".service") && Self.composed.hasSuffix(""))
    #expect(!KernelName("e\u{301}").hasSuffix("\u{e9}"))
    #expect(!KernelName("a").hasSuffix("aa"))
    #expect(KernelName(bytes: [0xff, 0x2e]).hasSuffix("."))
    #expect(KernelName(bytes: [0xff]) + "[1]" == KernelName(bytes: [0xff] + Array("[1]".utf8)))
  }
}

@Suite("Cgroups with names of any bytes")
struct ControlGroupNameTests {
  @Test("A cgroup is the one at the same bytes, and lies within those bytes")
  func identity() {
    let one = ControlGroup(path: "/a.slice/caf\u{e9}.service")
    let other = ControlGroup(path: "/a.slice/cafe\u{301}.service")
    #expect(one != other && one.unit != other.unit)
    #expect(Set([one, other]).count == 2)
    #expect(one.isWithin("/a.slice/caf\u{e9}.service") && one.isWithin("/a.slice"))
    #expect(!one.isWithin("/a.slice/cafe\u{301}.service") && !one.isWithin("/a.slice/caf"))
    #expect(one.isWithin("/") && !one.isWithin("/a.slice/caf\u{e9}.service/x"))
  }

  @Test("Stray bytes are kept in the path and in the unit")
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
  func theLastComponentIsBehindTheLastSlash(path: String, isSSHD: Bool) {
    #expect(KernelName(path).hasLastComponent("sshd") == isSSHD)
  }

  @Test func whatIsNotUTF8InFrontOfItDoesNotMatter() {
    #expect(KernelName(bytes: [0xff, 0x2f, 0x61]).hasLastComponent("a"))
    #expect(!KernelName(bytes: [0xff, 0x61]).hasLastComponent("a"))
  }
}
