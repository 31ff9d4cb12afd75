import Testing

@testable import Rendering

/// The locale decides whether the output may contain more than ASCII.
@Suite struct OutputCharactersTests {
  private func isUTF8(_ variables: [String: String]) -> Bool {
    OutputCharacters.isUTF8(Environment { variables[$0] })
  }

  @Test(arguments: ["C.UTF-8", "en_US.UTF-8", "de_DE.utf8", "tr_TR.UTF8@euro", "xx_YY.Utf-8"])
  func utf8LocalesAllowEverything(name: String) {
    for variable in ["LC_ALL", "LC_CTYPE", "LANG"] { #expect(isUTF8([variable: name])) }
  }

  @Test(arguments: [
    "C", "POSIX", "en_US", "de_DE.ISO-8859-15", "ja_JP.eucJP", "UTF-8", ".", "a@utf8",
  ])
  func otherLocalesAllowOnlyASCII(name: String) {
    for variable in ["LC_ALL", "LC_CTYPE", "LANG"] { #expect(!isUTF8([variable: name])) }
  }

  @Test func theFirstSetVariableCounts() {
    #expect(!isUTF8([:]), "without any, the locale is C")
    #expect(!isUTF8(["LC_ALL": "C", "LC_CTYPE": "C.UTF-8", "LANG": "C.UTF-8"]))
    #expect(isUTF8(["LC_ALL": "", "LC_CTYPE": "C.UTF-8", "LANG": "C"]))
    #expect(isUTF8(["LC_MESSAGES": "C", "LANG": "C.UTF-8"]))
  }
}
