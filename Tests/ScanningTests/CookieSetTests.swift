import Connections
import TestSupport
import Testing

@testable import Scanning

@Suite struct CookieSetTests {
  private func cookie(_ number: UInt64) throws -> SocketCookie {
    try #require(SocketCookie(rawValue: number))
  }

  @Test func insertReportsWhetherTheCookieIsNew() throws {
    var cookies = CookieSet()
    let numbers: [UInt64] = [1, 2, .max - 1, 1 << 32, 1 << 63]
    let isNew = try (numbers + numbers).map { cookies.insert(try cookie($0)) }
    #expect(isNew == numbers.map { _ in true } + numbers.map { _ in false })
  }

  @Test func neighborsAreDistinctAtTheEndsOfARun() throws {
    var cookies = CookieSet()
    let numbers: [UInt64] = [63, 64, 65, 127, 128, 1, 62, .max - 63, .max - 64]
    let neighbors: [UInt64] = [2, 61, 66, 126, 129]
    let isNew = try (numbers + numbers + neighbors).map { cookies.insert(try cookie($0)) }
    #expect(
      isNew == numbers.map { _ in true } + numbers.map { _ in false }
        + neighbors.map { _ in true })
  }

  @Test func canBeCreatedFromCookies() throws {
    var cookies = CookieSet([try cookie(7), try cookie(8), try cookie(7)])
    let isNew = try [7, 8, 9].map { cookies.insert(try cookie($0)) }
    #expect(isNew == [false, false, true])
  }

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func agreesWithASet(seed: UInt64) throws {
    var generator = Seeded(seed)
    var expected: Set<UInt64> = []
    var cookies = CookieSet()
    // Consecutive numbers as the kernel assigns them, repeats, and random numbers.
    for step: UInt64 in 1...20_000 {
      let number =
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: step
        case 1: UInt64.random(in: 1...step, using: &generator)
        default: UInt64.random(in: 1..<(.max), using: &generator)
        }
      let isNew = cookies.insert(try cookie(number))
      #expect(isNew == expected.insert(number).inserted)
    }
  }
}
