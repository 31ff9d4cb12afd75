/// How the log is printed.
package enum LogFormat: String, CaseIterable {
  case table
  case json
  case jsonl
  case csv
}
