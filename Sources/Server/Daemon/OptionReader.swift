import Configuration
import Foundation
import SystemPackage

/// One place that options come from, and what to call it in an error.
struct OptionSource {
  let name: String
  let provider: any ConfigProvider

  init(name: String, provider: any ConfigProvider) {
    self.name = name
    self.provider = provider
  }

  /// A JSON object in a file. A name that is not among `known` is an error, as it is a mistake.
  init(file: String, known: [String]) async throws {
    let object: Any
    do {
      object = try JSONSerialization.jsonObject(
        with: try Data(contentsOf: URL(fileURLWithPath: file)))
    } catch CocoaError.fileReadNoSuchFile {
      throw DaemonOptions.Invalid(description: "\(file): no such file")
    } catch {
      throw DaemonOptions.Invalid(description: "\(file): not a readable JSON file")
    }
    guard let names = (object as? [String: Any])?.keys else {
      throw DaemonOptions.Invalid(description: "\(file): not a JSON object")
    }
    if let unknown = names.sorted().first(where: { !known.contains($0) }) {
      throw DaemonOptions.Invalid(description: "\(file): unknown option \"\(unknown)\"")
    }
    name = file
    do {
      provider = try await FileProvider<JSONSnapshot>(filePath: FilePath(file))
    } catch {
      throw DaemonOptions.Invalid(description: "\(file): \(error)")
    }
  }
}

/// Reads options from several sources; the first that has one decides. Unlike ConfigReader it does
/// not take a value it cannot read for one that is not there.
struct OptionReader {
  let sources: [OptionSource]

  /// - Parameters:
  ///   - convert: nil for a text that is no value of the option.
  ///   - expecting: says what would be.
  func string<Value>(
    _ key: DaemonOptions.Key, _ convert: (String) -> Value?, expecting: () -> String
  ) throws -> Value? {
    for source in sources {
      let content = try content(key, .string, of: source, expecting: expecting)
      guard case .some(.string(let text)) = content else { continue }
      guard let value = convert(text) else {
        throw invalid(key, source, "\"\(text)\" is not \(expecting())")
      }
      return value
    }
    return nil
  }

  func integer(_ key: DaemonOptions.Key, in range: ClosedRange<Int>) throws -> Int? {
    let expected =
      range.upperBound == Int.max
      ? "a number from \(range.lowerBound)"
      : "a number from \(range.lowerBound) to \(range.upperBound)"
    for source in sources {
      let content = try content(key, .int, of: source, expecting: { expected })
      guard case .some(.int(let value)) = content else { continue }
      guard range.contains(value) else { throw invalid(key, source, "\(value) is not \(expected)") }
      return value
    }
    return nil
  }

  func boolean(_ key: DaemonOptions.Key) throws -> Bool? {
    for source in sources {
      let content = try content(key, .bool, of: source, expecting: { "true or false" })
      if case .some(.bool(let value)) = content { return value }
    }
    return nil
  }

  private func content(
    _ key: DaemonOptions.Key, _ type: ConfigType, of source: OptionSource,
    expecting: () -> String
  ) throws -> ConfigContent? {
    do {
      return try source.provider.value(forKey: AbsoluteConfigKey([key.rawValue]), type: type)
        .value?.content
    } catch {
      throw invalid(key, source, "not \(expecting())")
    }
  }

  private func invalid(
    _ key: DaemonOptions.Key, _ source: OptionSource, _ reason: String
  ) -> DaemonOptions.Invalid {
    DaemonOptions.Invalid(description: "\(source.name): \(key.rawValue): \(reason)")
  }
}
