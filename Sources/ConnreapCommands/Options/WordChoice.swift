import ArgumentParser

/// An option value that is one of a few words.
///
/// The members spare ArgumentParser its reflection, which would take longer at every start than
/// listing a hundred sockets.
protocol WordChoice: ExpressibleByArgument, CaseIterable, RawRepresentable
where RawValue == String {}

extension WordChoice {
  init?(argument: String) { self.init(rawValue: argument) }

  var defaultValueDescription: String { rawValue }

  static var allValueStrings: [String] { allCases.map(\.rawValue) }

  static var allValueDescriptions: [String: String] { [:] }
}
