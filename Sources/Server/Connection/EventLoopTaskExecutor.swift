import NIOCore

/// Runs tasks on the thread of an event loop.
///
/// A request is small steps between a connection's loop, the tasks that handle it and a query's
/// thread. On the shared pool each step wakes another thread, which for a short query costs more
/// than the query; on the loop of its connection most of the steps wake none. Nothing that blocks
/// may run here: queries and writes have threads of their own.
final class EventLoopTaskExecutor: TaskExecutor {
  private let loop: any EventLoop

  init(_ loop: any EventLoop) { self.loop = loop }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
