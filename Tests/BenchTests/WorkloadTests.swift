import Detection
import Testing
import TimeSeries

@testable import Bench

@Suite struct WorkloadTests {
  /// All rows of a workload as `[step][series][field]`, from the points.
  func rows(_ workload: any Workload) -> [PointBatch] {
    var stream = WorkloadStream(workload, linesPerBatch: 77)
    var batches: [PointBatch] = []
    while let batch = stream.nextPoints() { batches.append(batch) }
    return batches
  }

  func lines(_ workload: any Workload) -> [String] {
    var stream = WorkloadStream(workload, linesPerBatch: 77)
    var bytes: [UInt8] = []
    var lines: [String] = []
    while stream.nextLines(into: &bytes) > 0 {
      lines += String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
    return lines
  }

  @Test func fullWorkloadsHaveTheStatedSize() {
    let devops = StoreShape.devops.workload(scale: 1)
    #expect(devops.series.count == 100)
    #expect(devops.series.allSatisfy { $0.count == 10 })
    #expect(devops.fields.count == 10)
    #expect(devops.valueCount == 25_920_000)
    #expect(devops.span == 3 * 86_400 * 1_000_000_000)
    let containers = StoreShape.containers.workload(scale: 1)
    #expect(containers.series.count == 200)
    #expect(containers.fields.count == 8)
    #expect(containers.valueCount == 34_560_000)
    #expect(containers.span == 6 * 3600 * 1_000_000_000)
  }

  @Test func scaleDividesTheTimeAndLeavesTheSeries() {
    let workload = StoreShape.devops.workload(scale: 10)
    #expect(workload.series.count == 100)
    #expect(workload.steps == DevopsWorkload.fullSteps / 10)
    #expect(StoreShape.devops.workload(scale: 1_000_000).steps == 1)
  }

  @Test func theSameSeedGivesTheSameRows() {
    #expect(
      lines(DevopsWorkload(hosts: 7, steps: 50)) == lines(DevopsWorkload(hosts: 7, steps: 50)))
    #expect(
      lines(DevopsWorkload(hosts: 7, steps: 50))
        != lines(DevopsWorkload(hosts: 7, steps: 50, seed: 9)))
    #expect(
      lines(ContainersWorkload(pods: 7, steps: 50))
        == lines(ContainersWorkload(pods: 7, steps: 50)))
    #expect(
      lines(ContainersWorkload(pods: 7, steps: 50))
        != lines(ContainersWorkload(pods: 7, steps: 50, seed: 9)))
  }

  @Test(arguments: [
    DevopsWorkload(hosts: 5, steps: 60) as any Workload, ContainersWorkload(pods: 5, steps: 60),
  ])
  func everySeriesHasEveryStepOnce(_ workload: any Workload) {
    let batches = rows(workload)
    var seen: [String: [Timestamp]] = [:]
    for batch in batches {
      for point in batch.points {
        #expect(Int(point.fieldCount) == workload.fields.count)
        seen[batch.string(batch.seriesKeys[Int(point.series)]), default: []].append(point.timestamp)
      }
    }
    #expect(seen.count == 5)
    let expected = (0..<Int64(60)).map { workload.start + $0 * workload.interval }
    #expect(seen.values.allSatisfy { $0 == expected })
    #expect(batches.dropLast().allSatisfy { $0.points.count == 77 })
  }

  @Test func walksStayInRangeAndMove() {
    var last: [Int64]?
    var steps: [Double] = []
    var workload = DevopsWorkload(hosts: 1, steps: 2000)
    var values = [Int64](repeating: 0, count: 10)
    for step in 0..<2000 {
      workload.sample(series: 0, step: step, into: &values)
      #expect(values.allSatisfy { (0...100).contains($0) })
      if let last { steps += zip(values, last).map { Double($0 - $1) } }
      last = values
    }
    // Standard normal steps, rounded: variance 1 + 2/12, less where a walk lies against an end.
    let variance = steps.reduce(0) { $0 + $1 * $1 } / Double(steps.count)
    #expect((0.8...1.3).contains(variance))
  }

  @Test func containerValuesHaveTheirUnits() {
    var workload = ContainersWorkload(pods: 3, steps: 3000)
    var values = [Int64](repeating: 0, count: 8)
    var loads: [Int64] = []
    for step in 0..<3000 {
      for series in 0..<3 {
        workload.sample(series: series, step: step, into: &values)
        #expect(values.allSatisfy { $0 >= 0 })
        #expect(values[1] > 0 && values[1] % ContainersWorkload.pageSize == 0)
        if series == 0 { loads.append(values[2]) }
      }
    }
    #expect(Set(loads).count > 10)
  }

  @Test func aLineIsWrittenAsClientsDo() throws {
    let devops = try #require(lines(DevopsWorkload(hosts: 1, steps: 1)).first)
    #expect(
      devops.wholeMatch(
        of:
          /cpu,hostname=host_0,region=[a-z0-9-]+,datacenter=[a-z0-9-]+,rack=\d+,os=\w+\.\w+,arch=x\d+,team=\w+,service=\d+,service_version=[01],service_environment=\w+ usage_user=\d+i(,usage_\w+=\d+i){9} 1451606400000000000/
      ) != nil, "\(devops)")
    let container = try #require(lines(ContainersWorkload(pods: 1, steps: 1)).first)
    #expect(
      container.wholeMatch(
        of:
          /container,namespace=namespace-0,node=node-0,pod=pod-0 cpu_usage=\d+\.\d{3}(,\w+=\d+i){7} 1772431200000000000/
      ) != nil, "\(container)")
  }

  @Test(arguments: [
    DevopsWorkload(hosts: 3, steps: 40) as any Workload, ContainersWorkload(pods: 3, steps: 40),
  ])
  func linesAndPointsAreTheSameRows(_ workload: any Workload) throws {
    let text = lines(workload)
    var index = 0
    for batch in rows(workload) {
      for point in batch.points {
        let parts = text[index].split(separator: " ")
        #expect(Int64(parts[2]) == point.timestamp)
        let fields = batch.fields[
          Int(point.firstField)..<Int(point.firstField + point.fieldCount)]
        for (written, field) in zip(parts[1].split(separator: ","), fields) {
          let pair = written.split(separator: "=")
          #expect(String(pair[0]) == batch.string(batch.fieldNames[Int(field.name)]))
          switch batch.value(of: field) {
          case .integer(let value): #expect("\(value)i" == pair[1])
          case .float(let value): #expect(Double(pair[1]) == value)
          default: Issue.record("\(field.type)")
          }
        }
        index += 1
      }
    }
    #expect(index == text.count)
  }
}

@Suite struct PoissonTests {
  /// Both branches, and the border between them.
  @Test(arguments: [0.05, 1, 11.9, 12.1, 400])
  func meanAndVarianceAreTheRate(_ rate: Double) {
    var generator = SplitMix64(seed: 17)
    let counts = (0..<20_000).map { _ in Double(generator.poisson(rate)) }
    let mean = counts.reduce(0, +) / 20_000
    let variance = counts.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20_000
    // Six standard errors of the mean; the variance is wider.
    #expect(abs(mean - rate) < 6 * (rate / 20_000).squareRoot())
    #expect(abs(variance - rate) < 0.1 * rate + 0.1)
    #expect(counts.allSatisfy { $0 >= 0 })
  }

  @Test func noRateGivesNoEvents() {
    var generator = SplitMix64(seed: 17)
    #expect((0..<100).allSatisfy { _ in generator.poisson(0) == 0 })
  }
}

@Suite struct DecimalTextTests {
  @Test(
    arguments: [
      (0, "0", "0.000"), (7, "7", "0.007"), (1000, "1000", "1.000"), (-12_345, "-12345", "-12.345"),
      (.max, "9223372036854775807", "9223372036854775.807"),
      (.min, "-9223372036854775808", "-9223372036854775.808"),
    ] as [(Int64, String, String)])
  func writesNumbers(_ value: Int64, _ whole: String, _ thousandths: String) {
    var bytes: [UInt8] = []
    DecimalText.append(value, to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == whole)
    bytes = []
    DecimalText.append(thousandths: value, to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == thousandths)
  }
}
