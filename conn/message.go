package conn

import "net"

// A Message is a packet of UDPConn.ReadBatch and WriteBatch. It has the fields of Message in
// golang.org/x/net/ipv4 and ipv6.
type Message struct {
	// Buffers is the data of the packet, in any number of buffers. ReadBatch fills one after
	// the other and discards the data that does not fit. A packet to be written may be empty.
	Buffers [][]byte

	// OOB is the packet's control messages, or the buffer for them.
	OOB []byte

	// Addr is the destination of a packet to be written, nil for the peer of a connected
	// socket. After ReadBatch it is the sender's address, a *net.UDPAddr.
	Addr net.Addr

	N     int // the number of bytes of Buffers that were read or written
	NN    int // the number of bytes of OOB that were read or written
	Flags int // the flags of a packet that was read, see recvmsg(2): MSG_TRUNC ...
}
