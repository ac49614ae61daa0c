// Package conn is what package net's connections are, over package fd.
//
// Where it stands: dialer and listener make connections here; users meet them as
// net.Conn, or under the names that the root package gives them.
//
//	dialer   listener
//	    \     /
//	    Socket        socket, options, bind, connect or listen     socket_linux.go
//	      |
//	     NetFD        an FD with its addresses; names system calls  netfd_linux.go
//	      |
//	    TCPConn       net.OpError around every error               conn_linux.go, tcp_linux.go
//
// Addresses and errors are package net's own types, with its texts. An error keeps
// its whole chain: *net.OpError, *os.SyscallError, syscall.Errno; io.EOF comes bare.
//
// A TCPConn's Read that follows a short one waits before it asks the kernel. Programs
// whose buffers may fault half-way, or whose connections are changed from outside, say so
// with poller.Config.MemoryMayFault.
package conn
