// swift-tools-version: 6.2
import PackageDescription

/// Warnings are errors in our own targets; dependencies are not affected.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
]

/// The targets, top of the architecture first; a target depends only on ones below it.
let package = Package(
  name: "vigil",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1")
  ],
  targets: [
    .target(name: "Query", dependencies: ["TimeSeries"], swiftSettings: strict),
    .target(
      name: "Storage",
      dependencies: [
        "TimeSeries",
        .product(name: "SystemPackage", package: "swift-system"),
      ],
      swiftSettings: strict),
    .target(name: "TimeSeries", swiftSettings: strict),
    .testTarget(name: "TimeSeriesTests", dependencies: ["TimeSeries"], swiftSettings: strict),
  ]
)
