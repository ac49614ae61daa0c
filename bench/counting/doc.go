// Package counting finds out what a process has used: system calls, processor time, memory.
//
// Where it stands: at the bottom, beside machine and sys. Package process starts a server under a Counter and asks it what it has used;
// package measure takes differences.
//
// System calls are counted in runs of their own, one way of two:
//
//   - tracepoint: the kernel counts (perf_event_open on its system call tracepoints). That adds well under a microsecond
//     to a call, so the server behaves as it does otherwise. It needs privileges and a mounted tracefs.
//   - ptrace: this program stops the server at every call, as strace does. It needs no privileges, but calls get slow
//     against everything else, so requests go out in waves, and a wait finds more or fewer of them ready than it would.
package counting
