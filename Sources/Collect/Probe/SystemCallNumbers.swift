/// The numbers that the kernel has for the calls that system-calls.bt and ``SystemCallProgram`` tell
/// apart; they differ between kinds of processors. Those of 32-bit programs on a 64-bit kernel are
/// others again, and are not told apart.
enum SystemCallNumbers {
  #if arch(x86_64)
    static let mmap = 9
    static let open = 2
    static let openat = 257
  #else
    // The numbers that all newer kinds have in common (asm-generic/unistd.h), which have no `open`.
    static let mmap = 222
    static let open = openat
    static let openat = 56
  #endif
  static let openat2 = 437

  /// What `file_access` counts.
  static let opening: Set = [open, openat, openat2]
}
