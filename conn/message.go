package conn

import "net"

// A Message is a packet of UDPConn.ReadBatch and WriteBatch. It is what Message is in
// golang.org/x/net/ipv4 and ipv6, field by field.
type Message struct {
	// Buffers is the packet, cut into as many pieces as one likes: a packet that comes
	// fills one after the other, and what does not fit into them is lost. One that is
	// written may be empty.
	Buffers [][]byte

	// OOB is the packet's control messages, or room for them.
	OOB []byte

	// Addr is where to write the packet, nil for the peer of a connected socket; or who
	// sent the one that was read, a *net.UDPAddr.
	Addr net.Addr

	N     int // how many bytes of Buffers were read or written
	NN    int // how many of OOB
	Flags int // what recvmmsg(2) has to say of a packet that was read: MSG_TRUNC ...
}
