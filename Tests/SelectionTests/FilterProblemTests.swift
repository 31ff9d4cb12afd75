import Connections
import Selection
import Testing

@Suite("Filter errors")
struct FilterProblemTests {
  /// The filter, carets under the error, and the message.
  private func picture(of filter: String) throws -> String {
    let problem = try #require(throws: FilterProblem.self) {
      try SelectionFilter.parse(filter, names: FixedNames())
    }
    #expect(problem.filter == filter)
    let marks = "^" + String(repeating: "~", count: max(0, problem.range.count - 1))
    let blanks = String(repeating: " ", count: problem.range.lowerBound)
    return "\(filter)\n\(blanks)\(marks)\n\(problem)\n"
  }

  private static let term = "a term, such as established, sport = :443 or idle > 1h"
  private static let host = "a host, as in 10.0.0.0/8:443, [::1]:443 or *:443"

  static let pictures: [String] = [
    "\n^\nthe filter is empty: expected \(term)\n",
    "   \n   ^\nthe filter is empty: expected \(term)\n",
    "establihsed\n^~~~~~~~~~~\nunknown word \"establihsed\"; did you mean \"established\"?\n",
    "port 80 and idel > 5m\n            ^~~~\nunknown word \"idel\"; did you mean \"idle\"?\n",
    "foo\n^~~\nunknown word \"foo\": expected \(term)\n",
    "\"port\" 80\n^~~~~~\nunexpected \"\"port\"\": expected \(term)\n",
    "sport =\n       ^\nunexpected end of filter: expected a port, as in :443 or :https\n",
    "sport = and\n        ^~~\nunexpected \"and\": expected a port, as in :443 or :https\n",
    "port 80 and\n           ^\nunexpected end of filter: expected \(term)\n",
    "and port 80\n^~~\nunexpected \"and\": expected \(term)\n",
    "port 80 = 90\n        ^\nunexpected \"=\": expected \"and\", \"or\" or a term\n",
    "port 80 )\n        ^\nunexpected \")\": expected \"and\", \"or\" or a term\n",
    "not\n   ^\nunexpected end of filter: expected \(term)\n",
    "()\n ^\nunexpected \")\": expected \(term)\n",
    "port 80 ( port 90\n        ^\nunmatched \"(\": expected a closing \")\"\n",
    "process = \"java\n          ^\nunterminated quote\n",
    "state\n     ^\nunexpected end of filter: expected a state\n",
    "state establised\n      ^~~~~~~~~~\nunknown state \"establised\"; did you mean \"established\"?\n",
    "exclude = listen\n        ^\nunexpected \"=\": expected a state\n",
    "process > java\n        ^\ninvalid comparison \">\": expected = or != after \"process\"\n",
    "idle = 1h\n     ^\ninvalid comparison \"=\": expected >, >=, < or <= after \"idle\"\n",
    "recv-queue != 1\n           ^~\n"
      + "invalid comparison \"!=\": expected >, >=, < or <= after \"recv-queue\"\n",
    "src >= 10.0.0.1\n    ^~\ninvalid comparison \">=\": expected = or != after \"src\"\n",
    "idle > 5\n       ^\na duration needs a unit: \"5\"; write 5s, 5m or 5h\n",
    "idle > 1h,2h\n       ^~~~~\n\"1h,2h\" is more than one value: expected one duration\n",
    "idle > 1h,2M\n           ^\nunknown unit \"M\"; use ms, s, m (minutes), h or d\n",
    "sport > 80-90\n        ^~~~~\n\"80-90\" is more than one value: expected one port\n",
    "sport > 80,90\n        ^~~~~\n\"80,90\" is more than one value: expected one port\n",
    "sport = :htpp\n         ^~~~\nunknown service \"htpp\"; did you mean \"http\"?\n",
    "sport = :70000\n         ^~~~~\n\"70000\" is not a port; use a number from 1 to 65535\n",
    "dst 10.0.0.1:010\n             ^~~\n"
      + "\"010\" starts with 0 and could be read as octal; write 10\n",
    "dst 10.0.0.0/33:80\n             ^~\n"
      + "\"33\" is not a prefix length; use a number from 0 to 32\n",
    "dst 10.1\n    ^~~~\n\"10.1\" is not an address, a CIDR block such as 10.0.0.0/8, or a host name\n",
    "dst nosuch\n    ^~~~~~\ncannot look up the host \"nosuch\": no such name\n",
    "host db.example or estblished\n                   ^~~~~~~~~~\n"
      + "cannot look up the host \"estblished\": no such name; did you mean \"established\"?\n",
    "dst fe80::1:80\n    ^~~~~~~~~~\nambiguous address \"fe80::1:80\": "
      + "expected [fe80::1]:80 or [fe80::1:80]\n",
    "dst [::1\n    ^~~~\n\"[::1\" is not a host: expected \"]\" after the address\n",
    "dst [::1]x\n    ^~~~~~\n\"[::1]x\" is not a host: expected \(host)\n",
    "dst ''\n    ^~\n\"''\" is not a host: expected \(host)\n",
    "dst unix:/run/x\n    ^~~~~~~~~~~\n"
      + "\"unix:/run/x\" does not describe a TCP connection: expected inet: or inet6:\n",
    "udp port 53\n^~~\n\"udp\" does not describe a TCP connection: expected \(term)\n",
    "tcp[13] & 2\n^~~~~~~\n\"tcp[13]\" does not describe a TCP connection: expected \(term)\n",
    "net db.example\n    ^~~~~~~~~~\n"
      + "\"db.example\" is not a network: expected a network, as in net 10.0.0.0/8\n",
    "net 10.0.0.0/8 mask 255.0.0.0\n                    ^~~~~~~~~\n"
      + "\"255.0.0.0\" is not a mask for this network: expected a mask, as in 255.0.0.0\n",
    "net 10 mask 255.0.255.0\n            ^~~~~~~~~~~\n"
      + "\"255.0.255.0\" is not a mask for this network: expected a mask, as in 255.0.0.0\n",
    "portrange\n         ^\nunexpected end of filter: expected a port range, "
      + "as in portrange 8000-8100\n",
    "user = nobody-is\n       ^~~~~~~~~\nunknown user \"nobody-is\"\n",
    "user = ''\n       ^~\nmissing user\n",
    "age > 1\n      ^\na duration needs a unit: \"1\"; write 1s, 1m or 1h\n",
    "mark = 0x5/0x3\n       ^~~\n"
      + "the mark \"0x5\" has bits outside its mask and never matches\n",
    "filter = x\n^~~~~~\nunknown word \"filter\": expected \(term)\n",
  ]

  @Test("Each error has a position and reports what was expected", arguments: pictures)
  func golden(picture: String) throws {
    let filter = String(picture.prefix { $0 != "\n" })
    #expect(try self.picture(of: filter) == picture)
  }

  @Test("Depth is limited: parentheses, not, and switches between and and or")
  func depth() throws {
    let limit = SelectionFilter.depthLimit
    func parses(_ filter: String) throws -> Bool {
      do {
        _ = try SelectionFilter.parse(filter, names: FixedNames())
        return true
      } catch {
        #expect(error.kind == .tooDeep(limit: limit), "\(error)")
        return false
      }
    }
    func nested(_ count: Int, _ open: String, _ close: String) -> String {
      String(repeating: open, count: count) + "pid 1" + String(repeating: close, count: count)
    }
    #expect(try parses(nested(limit, "(", ")")))
    #expect(try !parses(nested(limit + 1, "(", ")")))
    #expect(try parses(nested(limit - 1, "not ", "")))
    #expect(try !parses(nested(limit + 1, "not ", "")))
    let change = " and pid 2 or pid 3"
    #expect(try parses(nested(limit / 2 - 1, "", change)))
    #expect(try !parses(nested(limit / 2 + 1, "", change)))
    #expect(try !parses(nested(limit, "established ", "")))
    #expect(try !parses(nested(30_000, "(", "")))
  }

  @Test("A filter at the depth limit survives a round trip through its text")
  func depthOfText() throws {
    let terms = [
      "pid 1", "sport != 80", "sport < 0", "not tcp", "exclude listen", "ip6", "ip6 net 10",
      "src and dst port != 80", "host localhost", "established exclude listen exclude closed",
      "listen closed syn-sent", "sport = 1,2", "not ( pid 1 or pid 2 and sport > 65535 )",
    ]
    for term in terms {
      var isRejected = false
      for count in SelectionFilter.depthLimit - 6...SelectionFilter.depthLimit {
        for (open, close) in [("not ", ""), ("( pid 1 or ( pid 2 and ", " ) )")] {
          let levels = close.isEmpty ? count : count / 2
          let filter =
            String(repeating: open, count: levels) + term + String(repeating: close, count: levels)
          do throws(FilterProblem) {
            let text = try SelectionFilter.parse(filter, names: FixedNames()).filterText
            #expect(throws: Never.self) { try SelectionFilter.parse(text, names: FixedNames()) }
          } catch {
            #expect(error.kind == .tooDeep(limit: SelectionFilter.depthLimit))
            isRejected = true
          }
        }
      }
      #expect(isRejected, "\(term)")
    }
  }

  @Test("Length is limited, and the longest filter parses quickly")
  func length() throws {
    let limit = SelectionFilter.lengthLimit
    let head = "port 1"
    let part = " or 2"
    let count = (limit - head.utf8.count) / part.utf8.count
    let filter = head + String(repeating: part, count: count)
    let duration = try ContinuousClock().measure {
      guard case .any(let parts) = try SelectionFilter.parse(filter, names: FixedNames()) else {
        Issue.record("not a list")
        return
      }
      #expect(parts.count == count + 1)
    }
    #expect(duration < .seconds(30))
    let problem = try #require(throws: FilterProblem.self) {
      try SelectionFilter.parse(filter + part, names: FixedNames())
    }
    #expect(problem.kind == .tooLong(limit: limit))
    #expect(problem.description == "the filter is longer than 65536 bytes")
  }
}
