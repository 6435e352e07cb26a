// swift-tools-version: 6.2
import PackageDescription

/// Warnings are errors in our own targets; dependencies are not affected.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient = Target.Dependency.product(
  name: "AsyncHTTPClient", package: "async-http-client")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let grpcCore = Target.Dependency.product(name: "GRPCCore", package: "grpc-swift-2")
let grpcHTTP2 = Target.Dependency.product(
  name: "GRPCNIOTransportHTTP2Posix", package: "grpc-swift-nio-transport")
let grpcProtobuf = Target.Dependency.product(name: "GRPCProtobuf", package: "grpc-swift-protobuf")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let lifecycle = Target.Dependency.product(
  name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1 = Target.Dependency.product(
  name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let swiftProtobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let unixSignals = Target.Dependency.product(
  name: "UnixSignals", package: "swift-service-lifecycle")

/// The targets, top of the architecture first; a target depends only on ones below it
/// (docs/architecture.md tells what each holds).
let package = Package(
  name: "vigil",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Vigil", targets: ["Vigil"]),
    .executable(name: "vigild", targets: ["vigild"]),
    .executable(name: "tsql", targets: ["tsql"]),
    .executable(name: "vigil-watch", targets: ["vigil-watch"]),
    .executable(name: "vigil-bench", targets: ["vigil-bench"]),
    .executable(name: "vigil-collect", targets: ["vigil-collect"]),
    .executable(name: "vigil-pods", targets: ["vigil-pods"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.3"),
    .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.2"),
    .package(url: "https://github.com/grpc/grpc-swift-protobuf", from: "2.4.1"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .executableTarget(
      name: "vigild",
      dependencies: [
        "Server", "Vigil", argumentParser, configuration, lifecycle, logging, nioCore,
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "tsql", dependencies: ["Shell", argumentParser], swiftSettings: strict),
    .executableTarget(
      name: "vigil-watch", dependencies: ["Shell", "Watch", argumentParser],
      swiftSettings: strict),
    .executableTarget(
      name: "vigil-bench",
      dependencies: ["Bench", "LineProtocol", "TimeSeries", argumentParser],
      swiftSettings: strict),
    .executableTarget(
      name: "vigil-collect", dependencies: ["Collect", argumentParser, logging, unixSignals],
      swiftSettings: strict),
    .executableTarget(
      name: "vigil-pods", dependencies: ["CRI", argumentParser], swiftSettings: strict),
    .executableTarget(name: "embedded-example", dependencies: ["Vigil"], swiftSettings: strict),
    .target(
      name: "Server",
      dependencies: [
        "Vigil", "Query", "Storage", "TimeSeries", "CZlib", asyncHTTPClient, configuration,
        httpTypes, hummingbird, hummingbirdCore, lifecycle, logging, nioCore, nioHTTP1,
        nioHTTPTypes, nioHTTPTypesHTTP1, nioPosix, systemPackage,
      ],
      swiftSettings: strict),
    .target(
      name: "Shell",
      dependencies: ["Vigil", "Query", "TimeSeries", "CEditLine", asyncHTTPClient],
      swiftSettings: strict),
    .target(name: "Watch", dependencies: ["Shell", "Query", "TimeSeries"], swiftSettings: strict),
    .target(
      name: "Bench",
      dependencies: [
        "Vigil", "Detection", "GoldenVectors", "Storage", "LineProtocol", "TimeSeries",
        asyncHTTPClient, nioCore, nioPosix,
      ],
      swiftSettings: strict),
    .target(
      name: "Collect",
      dependencies: [
        "CRI", "LineProtocol", "TimeSeries", "CLinux", "CZlib", asyncHTTPClient, logging,
      ],
      swiftSettings: strict),
    .target(
      name: "CRI", dependencies: [grpcCore, grpcHTTP2, grpcProtobuf, swiftProtobuf],
      exclude: ["runtime.proto"], swiftSettings: strict),
    .target(
      name: "Vigil",
      dependencies: [
        "ContinuousQueries", "Detection", "Query", "Storage", "LineProtocol", "TimeSeries",
        logging, systemPackage,
      ],
      swiftSettings: strict),
    .target(
      name: "ContinuousQueries", dependencies: ["Query", "TimeSeries"], swiftSettings: strict),
    .target(name: "GoldenVectors", dependencies: ["Detection"], swiftSettings: strict),
    .target(
      name: "Detection", dependencies: ["Encoding", "TimeSeries", "CKernels"],
      swiftSettings: strict),
    .target(name: "Query", dependencies: ["TimeSeries"], swiftSettings: strict),
    .target(
      name: "Storage", dependencies: ["Encoding", "TimeSeries", "CKernels", systemPackage],
      swiftSettings: strict),
    .target(
      name: "Encoding", dependencies: ["TimeSeries", "CKernels", "CLZ4"], swiftSettings: strict),
    .target(name: "LineProtocol", dependencies: ["TimeSeries"], swiftSettings: strict),
    .target(name: "TimeSeries", swiftSettings: strict),
    .target(name: "CKernels"),
    .target(name: "CLinux"),
    .systemLibrary(name: "CLZ4", pkgConfig: "liblz4", providers: [.apt(["liblz4-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CEditLine", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),

    .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: strict),
    .testTarget(
      name: "ServerTests",
      dependencies: [
        "TestSupport",
        "Server", "Vigil", "Query", "Storage", "TimeSeries", configuration, hummingbird, lifecycle,
        logging,
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ShellTests", dependencies: ["TestSupport", "Shell", "Query", "TimeSeries"],
      swiftSettings: strict),
    .testTarget(
      name: "WatchTests", dependencies: ["TestSupport", "Watch", "Shell", "Query", "TimeSeries"],
      swiftSettings: strict),
    .testTarget(
      name: "BenchTests", dependencies: ["Bench", "Detection", "LineProtocol", "TimeSeries"],
      swiftSettings: strict),
    .testTarget(
      name: "CollectTests",
      dependencies: [
        "TestSupport",
        "Collect", "CRI", "LineProtocol", "TimeSeries", grpcCore, grpcHTTP2, swiftProtobuf,
      ],
      resources: [.copy("Golden")], swiftSettings: strict),
    .testTarget(
      name: "VigilTests", dependencies: ["TestSupport", "Vigil", "Query", "TimeSeries"],
      swiftSettings: strict),
    .testTarget(
      name: "ContinuousQueriesTests",
      dependencies: ["TestSupport", "ContinuousQueries", "Query", "TimeSeries"],
      swiftSettings: strict),
    .testTarget(
      name: "DetectionTests", dependencies: ["Detection", "GoldenVectors", "CKernels"],
      resources: [.copy("Golden")], swiftSettings: strict),
    .testTarget(
      name: "QueryTests", dependencies: ["TestSupport", "Query", "TimeSeries"],
      resources: [.copy("Golden")], swiftSettings: strict),
    .testTarget(
      name: "StorageTests", dependencies: ["TestSupport", "Storage", "TimeSeries", systemPackage],
      swiftSettings: strict),
    .testTarget(
      name: "EncodingTests", dependencies: ["TestSupport", "Encoding", "TimeSeries"],
      swiftSettings: strict),
    .testTarget(
      name: "LineProtocolTests", dependencies: ["TestSupport", "LineProtocol", "TimeSeries"],
      swiftSettings: strict),
    .testTarget(
      name: "TimeSeriesTests", dependencies: ["TestSupport", "TimeSeries"], swiftSettings: strict),
  ]
)

// Fuzz targets need the fuzzer's runtime, so they are there only when asked for (tools/fuzz).
if Context.environment["VIGIL_FUZZ"] != nil {
  let inputs: [(name: String, dependencies: [Target.Dependency])] = [
    ("BpftraceOutputFuzz", ["Collect"]),
    ("CodecFuzz", ["Encoding"]),
    ("LineProtocolFuzz", ["LineProtocol"]),
    ("ManifestFuzz", ["Storage"]),
    ("ModelFileFuzz", ["ContinuousQueries", "Detection", "Encoding", "Query", "Storage", "Vigil"]),
    ("QueryFuzz", ["Query"]),
    ("SegmentFuzz", ["Encoding", "Storage"]),
    ("WALFuzz", ["Encoding", "Storage"]),
  ]
  package.targets.append(
    .target(
      name: "FuzzSupport", dependencies: ["Storage", systemPackage], path: "Fuzz/FuzzSupport",
      swiftSettings: strict))
  for (name, dependencies) in inputs {
    package.targets.append(
      .executableTarget(
        name: name, dependencies: dependencies + ["FuzzSupport", "TestSupport", "TimeSeries"],
        path: "Fuzz/\(name)", swiftSettings: strict))
  }
}
