// Package process runs the work that is measured in a process of its own, and asks that process what it has used.
//
// Where it stands: between servers, whose work it starts, and client, which loads that work.
//
//	this process                    the server's process (this program again)
//	Start  --- NETPOLLER_BENCH_SERVER: a Cell in JSON --->  Main  --->  servers.Starter
//	       <-- Hello: where it listens -------------------
//	Usage  --- command ---------------------------------->
//	       <-- Snapshot: CPU time, allocations, memory ---
//	Stop   --- end of its standard input ---------------->  exit
package process
