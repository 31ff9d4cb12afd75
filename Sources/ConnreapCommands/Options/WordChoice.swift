import ArgumentParser

/// An option whose value is one of a few words.
///
/// What ArgumentParser would find out of it by reflection, at every start and in more time than it
/// takes to ask the kernel for a hundred sockets, is said here.
protocol WordChoice: ExpressibleByArgument, CaseIterable, RawRepresentable
where RawValue == String {}

extension WordChoice {
  init?(argument: String) { self.init(rawValue: argument) }

  var defaultValueDescription: String { rawValue }

  static var allValueStrings: [String] { allCases.map(\.rawValue) }

  static var allValueDescriptions: [String: String] { [:] }
}
