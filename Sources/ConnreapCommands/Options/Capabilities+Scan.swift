import Operations
import Privileges

extension Capabilities {
  /// The capabilities for a scan of `selection` on `source`.
  static func scan(_ selection: SelectionOptions, on source: SystemSource) -> Capabilities {
    guard case .kernel(let recording) = source else { return [] }
    var needs = owners
    if selection.mayNameNamespaces {
      needs.formUnion(PrivilegedStep.enteringNamespace.needs)
    }
    // A filter may use marks too, and is not parsed yet.
    if !selection.mark.isEmpty || selection.hasFilter {
      needs.formUnion(PrivilegedStep.seeingMarks.needs)
    }
    if recording != nil { needs.insert(.dacOverride) }
    return needs
  }
}
