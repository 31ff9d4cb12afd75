/// How the log is printed.
enum LogFormat: String, CaseIterable {
  case table
  case json
  case jsonl
  case csv
}
