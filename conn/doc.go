// Package conn has the connections of package net, over package fd.
//
// Where it stands: dialer and listener make connections here; programs use them as
// net.Conn, or under the names that the root package gives them.
//
//	dialer   listener
//	    \     /
//	  SocketConfig    socket, options, bind, connect or listen      socket_linux.go
//	      |
//	     NetFD        an FD with its addresses; names system calls  netfd_linux.go, netfd_io_linux.go
//	      |
//	    TCPConn       net.OpError around every error                conn_linux.go, tcp_linux.go
//
// Addresses and errors have the types and texts of package net. An error keeps its whole
// chain: *net.OpError, *os.SyscallError, syscall.Errno. io.EOF is not wrapped.
//
// On other systems than Linux the connections are package net's, in the files *_other.go.
//
// All methods may be called from several goroutines at once. Two Reads of one connection take
// turns, and so do two Writes.
//
// A Read of a TCPConn that follows a short one waits before its first system call. If
// buffers may fault half-way, or BPF programs change connections, set
// poller.Config.MemoryMayFault.
package conn
