package import Rendering
package import Scanning

extension ScanMoment {
  /// Writes when and where the scan was made, as the first members of every JSON document.
  package func write(to json: inout JSONWriter) {
    json.member("time", time)
    json.member("host", host)
  }
}
