import Foundation
import Testing

@testable import Collect

@Suite("The program for bpftrace")
struct ProbeProgramTests {
  private static let tracepoints = [
    "raw_syscalls/sys_enter", "exceptions/page_fault_user", "block/block_getrq",
    "sched/sched_process_fork", "sched/sched_process_exec", "sched/sched_process_exit",
    "signal/signal_generate",
  ]

  private let tracefs: TemporaryDirectory

  init() throws {
    tracefs = try TemporaryDirectory()
    try add(Self.tracepoints)
  }

  private func add(_ tracepoints: [String]) throws {
    for tracepoint in tracepoints { try tracefs.write("1\n", to: "events/\(tracepoint)/id") }
  }

  private func remove(_ tracepoint: String) throws {
    try FileManager.default.removeItem(atPath: "\(tracefs.path)/events/\(tracepoint)")
  }

  private func program(
    _ directory: String = Checkout.programs,
    _ wanted: Set<Parameter> = BpftraceSettings.allParameters, rejected: [String: String] = [:]
  ) throws -> ProbeProgram {
    try ProbeProgram(
      directory: directory, events: ["/nowhere", tracefs.path + "/events"], wanted: wanted,
      rejected: rejected)
  }

  private func prints(in program: ProbeProgram) -> Set<String> {
    Set(program.text.matches(of: /print\(@(\w+)\);/).map { String($0.output.1) })
  }

  @Test("all is counted where the kernel has all")
  func whole() throws {
    let program = try program()
    #expect(program.parameters == BpftraceSettings.allParameters)
    #expect(program.missing == [:])
    #expect(
      program.tracepoints == Set(Self.tracepoints.map { $0.replacing("/", with: ":") }))
    #expect(!program.text.contains("//"))
  }

  @Test(
    "what the kernel has no tracepoint for is left out and named",
    arguments: [
      ("exceptions/page_fault_user", Parameter.pageFaults),
      ("block/block_getrq", .blockRequests), ("sched/sched_process_exec", .processLifecycleEvents),
    ])
  func missing(tracepoint: String, parameter: Parameter) throws {
    try remove(tracepoint)
    let program = try program()
    let name = tracepoint.replacing("/", with: ":")
    #expect(program.missing == [parameter: "this kernel has no tracepoint \(name)"])
    #expect(program.parameters == BpftraceSettings.allParameters.subtracting([parameter]))
    // Not a part of it either: two of three lifecycle events would pass for all.
    #expect(!program.text.contains(parameter.rawValue))
    #expect(!program.tracepoints.contains(name))
  }

  @Test("parameters that another probe counts cost nothing here")
  func fewer() throws {
    let program = try program(
      Checkout.programs, [.pageFaults, .blockRequests, .processLifecycleEvents])
    #expect(program.missing == [:])
    #expect(!program.text.contains("sys_enter"))
    #expect(prints(in: program) == ["page_faults", "block_req", "pl_events"])
  }

  @Test("one parameter of a file that counts several is counted alone in what is told")
  func partOfAFile() throws {
    let program = try program(Checkout.programs, [.mmapCalls])
    #expect(program.parameters == [.mmapCalls])
    #expect(prints(in: program) == ["mmap_calls"])
  }

  @Test("what bpftrace rejected is left out and named with what it said")
  func rejected() throws {
    let program = try program(rejected: ["raw_syscalls:sys_enter": "ERROR: no"])
    let reason = "bpftrace cannot use raw_syscalls:sys_enter: ERROR: no"
    #expect(
      program.missing == [.systemCalls: reason, .mmapCalls: reason, .fileAccess: reason])
  }

  @Test("every kernel has each parameter counted and printed, or named", arguments: 0..<64)
  func kernels(subset: Int) throws {
    for (index, tracepoint) in Self.tracepoints.dropLast().enumerated()
    where subset & 1 << index == 0 { try remove(tracepoint) }
    do {
      let program = try program()
      #expect(program.parameters.isDisjoint(with: program.missing.keys))
      #expect(
        program.parameters.union(program.missing.keys) == BpftraceSettings.allParameters)
      #expect(prints(in: program) == Set(program.parameters.map(\.rawValue)))
      #expect(program.text.contains(/mark %d/))
    } catch ProbeProgram.Failure.nothingToCount(let missing) {
      #expect(Set(missing.keys) == BpftraceSettings.allParameters)
    }
  }

  @Test("what nothing can be counted without is told in words")
  func failures() throws {
    func failure(_ directory: String = Checkout.programs, events: String? = nil) -> String {
      do {
        _ = try ProbeProgram(
          directory: directory, events: [events ?? tracefs.path + "/events"],
          wanted: BpftraceSettings.allParameters)
        return ""
      } catch {
        return "\(error)"
      }
    }
    #expect(failure(events: "/nowhere") == "tracefs is not mounted: there is no /nowhere")
    #expect(failure("/nowhere").hasPrefix("cannot read the bpftrace programs in /nowhere: "))
    #expect(failure(tracefs.path).hasSuffix("there is no mark.bt in \(tracefs.path)"))
    try remove("signal/signal_generate")
    #expect(failure().hasSuffix("this kernel has no tracepoint signal:signal_generate"))
  }

  @Test("a file that counts nothing wanted, or that nothing prints, is left alone")
  func strayFiles() throws {
    let directory = try TemporaryDirectory()
    try directory.write(
      """
      tracepoint:signal:signal_generate
      {
        print(@page_faults); // not print(@block_req)
      }
      """, to: "mark.bt")
    try directory.write("// @page_faults[1]\nBEGIN { @other[1] = count(); }", to: "a.bt")
    try directory.write(
      "tracepoint:exceptions:page_fault_user { @page_faults[1] = count(); }", to: "b.bt")
    try directory.write("tracepoint:block:block_getrq { @block_req[1] = count(); }", to: "c.bt")
    let program = try program(directory.path, [.pageFaults, .blockRequests])
    #expect(program.parameters == [.pageFaults])
    #expect(
      program.missing == [.blockRequests: "no program in \(directory.path) counts and prints it"])
    #expect(!program.text.contains("other"))
    #expect(!program.text.contains("block"))
  }

  @Test("a complaint names the tracepoints it is about, and no others")
  func complaints() throws {
    let program = try program()
    #expect(
      program.tracepoints(namedIn: "ERROR: tracepoint not found: exceptions:page_fault_user")
        == ["exceptions:page_fault_user"])
    #expect(
      program.tracepoints(namedIn: "open(/t/events/block/block_getrq/id): No such file")
        == ["block:block_getrq"])
    #expect(program.tracepoints(namedIn: "raw_syscalls:sys_enter_nope").isEmpty)
    #expect(program.tracepoints(namedIn: "ERROR: root is needed").isEmpty)
  }

  @Test("the programs are found beside a checkout's and an installed executable")
  func installed() throws {
    let directory = try TemporaryDirectory()
    let path = URL(fileURLWithPath: directory.path).resolvingSymlinksInPath().path
    let checkout = path + "/a/.build/debug/vigil-collect"
    #expect(BpftraceSettings.installedPrograms(beside: checkout) == nil)
    try directory.write("", to: "a/tools/bpftrace/mark.bt")
    #expect(
      BpftraceSettings.installedPrograms(beside: checkout)
        == path + "/a/tools/bpftrace")
    try directory.write("", to: "b/share/vigil/bpftrace/mark.bt")
    #expect(
      BpftraceSettings.installedPrograms(beside: path + "/b/bin/vigil-collect")
        == path + "/b/share/vigil/bpftrace")
  }
}
