import Operations
import Privileges

extension Capabilities {
  /// What a scan of `selection` on `source` needs.
  static func scan(_ selection: SelectionOptions, on source: SystemSource) -> Capabilities {
    guard case .kernel(let recording) = source else { return [] }
    var needs = owners
    if selection.mayNameNamespaces {
      needs.formUnion(PrivilegedStep.enteringNamespace.needs)
    }
    // A mark may also be a word of a filter, which is not read yet.
    if !selection.mark.isEmpty || selection.hasFilter {
      needs.formUnion(PrivilegedStep.seeingMarks.needs)
    }
    if recording != nil { needs.insert(.dacOverride) }
    return needs
  }
}
