package conn_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"slices"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/listener"
)

// msgConn is what ours and package net's have for control messages.
type msgConn interface {
	net.Conn
	syscall.Conn
	ReadMsgUnix(b, oob []byte) (n, oobn, flags int, addr *net.UnixAddr, err error)
	WriteMsgUnix(b, oob []byte, addr *net.UnixAddr) (n, oobn int, err error)
}

// msgPair returns two ends of a pair of Unix sockets, ours or package net's.
func msgPair(f *testing.F, kind int, ours bool) (a, b msgConn) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, kind|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		f.Fatal(err)
	}
	var ends [2]msgConn
	for i, fd := range fds {
		file := os.NewFile(uintptr(fd), "")
		defer file.Close()
		fileConn := net.FileConn
		if ours {
			fileConn = conn.FileConn
		}
		c, err := fileConn(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Cleanup(func() { c.Close() })
		ends[i] = c.(msgConn)
	}
	return ends[0], ends[1]
}

// FuzzControlMessages sends data with any bytes as control messages, and receives them into
// as little room as it likes, over our sockets and over package net's. If it failed, they
// would differ.
func FuzzControlMessages(f *testing.F) {
	kinds := []int{syscall.SOCK_STREAM, syscall.SOCK_DGRAM, syscall.SOCK_SEQPACKET}
	var pairs [3][2][2]msgConn
	for i, kind := range kinds {
		for k, ours := range []bool{true, false} {
			a, b := msgPair(f, kind, ours)
			pairs[i][k] = [2]msgConn{a, b}
		}
	}
	rights := syscall.UnixRights(1)
	creds := syscall.UnixCredentials(&syscall.Ucred{Pid: int32(os.Getpid()), Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid())})
	for i := range kinds {
		for _, oob := range [][]byte{nil, rights, syscall.UnixRights(0, 1, 2), creds, append(slices.Clone(rights), rights...),
			slices.Concat(rights, creds), rights[:len(rights)-4], {1, 2, 3}, make([]byte, 32), bytes.Repeat([]byte{0xff}, 64)} {
			f.Add(byte(i), []byte("data"), oob, byte(8), byte(64))
			f.Add(byte(i), []byte{}, oob, byte(0), byte(64))
			f.Add(byte(i), []byte("data"), oob, byte(2), byte(0))
			f.Add(byte(i), []byte("data"), oob, byte(0), byte(21))
		}
	}
	f.Fuzz(func(t *testing.T, kind byte, p, oob []byte, room, oobRoom byte) {
		if len(p) > 1000 || len(oob) > 1000 {
			return
		}
		i := int(kind) % len(kinds)
		ours := message(t, pairs[i][0], kinds[i], p, oob, room, oobRoom)
		theirs := message(t, pairs[i][1], kinds[i], p, oob, room, oobRoom)
		if ours != theirs {
			t.Errorf("ours %s\nnet  %s", ours, theirs)
		}
	})
}

// message sends one message and receives it, and describes both.
func message(t *testing.T, ends [2]msgConn, kind int, p, oob []byte, room, oobRoom byte) string {
	n, oobn, err := ends[0].WriteMsgUnix(p, oob, nil)
	sent := fmt.Sprintf("sent %d %d %v; ", n, oobn, errno(err))
	if err != nil || kind == syscall.SOCK_STREAM && len(p) == 0 && len(oob) == 0 {
		return sent
	}
	buf, ctl := make([]byte, room), make([]byte, oobRoom)
	if kind == syscall.SOCK_STREAM && room == 0 && oobRoom == 0 {
		buf = make([]byte, 1)
	}
	n, oobn, flags, _, err := ends[1].ReadMsgUnix(buf, ctl)
	got := fmt.Sprintf("got %d %d %x %v %x", n, oobn, flags, errno(err), buf[:min(max(n, 0), len(buf))])
	got += closeRights(ctl[:max(oobn, 0)])
	drainPackets(t, ends[1])
	return sent + got
}

// errno is the error of the system call.
func errno(err error) error {
	for err != nil {
		e, ok := err.(interface{ Unwrap() error })
		if !ok {
			break
		}
		err = e.Unwrap()
	}
	return err
}

// closeRights closes descriptors that came, and describes the messages: the numbers of
// descriptors differ.
func closeRights(oob []byte) (s string) {
	messages, err := syscall.ParseSocketControlMessage(oob)
	if err != nil {
		return fmt.Sprintf(" %v", err)
	}
	for _, m := range messages {
		fds, err := syscall.ParseUnixRights(&m)
		if err != nil {
			s += fmt.Sprintf(" %d/%d %x", m.Header.Level, m.Header.Type, m.Data)
			continue
		}
		s += fmt.Sprintf(" %d descriptors", len(fds))
		for _, fd := range fds {
			syscall.Close(fd)
		}
	}
	return s
}

// drainPackets takes what is left, of a stream.
func drainPackets(t *testing.T, c msgConn) {
	raw, err := c.SyscallConn()
	if err == nil {
		err = raw.Control(func(fd uintptr) {
			for err := error(nil); err == nil; { // a packet may be empty: until there is none
				_, _, err = syscall.Recvfrom(int(fd), make([]byte, 2048), syscall.MSG_DONTWAIT)
			}
		})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// FuzzBatch sends packets in pieces, in batches, to a socket of package net's, and the other
// way round into room that may be too small. The packets that must come are computed here.
func FuzzBatch(f *testing.F) {
	ours, theirs := fuzzUDP(f, listener.ListenUDP).(*conn.UDPConn), fuzzUDP(f, net.ListenUDP).(*net.UDPConn)
	f.Add([]byte("hello, world"), []byte{5, 0, 2, 1, 0xff, 3, 0, 0xff}, []byte{4, 1, 0, 0xff, 20})
	f.Add([]byte(""), []byte{0xff, 0xff}, []byte{0xff})
	f.Add(bytes.Repeat([]byte("x"), 900), []byte{200, 100, 0xff, 1, 1, 1, 1, 0xff, 250}, []byte{250, 50, 0xff, 2, 1, 0xff, 254})
	f.Fuzz(func(t *testing.T, data, cuts, rooms []byte) {
		if len(data) > 10_000 {
			return
		}
		packets := pieces(data, cuts)
		fromOurs(t, ours, theirs, packets)
		fromNet(t, ours, theirs, packets, rooms)
	})
}

func fuzzUDP[C net.PacketConn](f *testing.F, listen func(string, *net.UDPAddr) (C, error)) net.PacketConn {
	c, err := listen("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { c.Close() })
	return c
}

// pieces cuts data into up to eight packets of pieces: a cut is how long the next piece is,
// or, if it is 255, the end of a packet.
func pieces(data, cuts []byte) [][][]byte {
	packets := [][][]byte{nil}
	for _, n := range cuts {
		if n == 0xff && len(packets) == 8 {
			break
		}
		last := &packets[len(packets)-1]
		if n == 0xff {
			packets = append(packets, nil)
		} else if k := min(int(n), len(data)); len(*last) < 100 {
			*last = append(*last, data[:k:k])
			data = data[k:]
		}
	}
	return packets
}

// fromOurs writes packets in one batch, as many calls as that takes.
func fromOurs(t *testing.T, ours *conn.UDPConn, theirs *net.UDPConn, packets [][][]byte) {
	ms := make([]conn.Message, len(packets))
	for i, p := range packets {
		ms[i] = conn.Message{Buffers: p, Addr: theirs.LocalAddr()}
	}
	for rest := ms; len(rest) > 0; {
		n, err := ours.WriteBatch(rest, 0)
		if err != nil || n < 1 || n > len(rest) {
			t.Fatalf("%d of %d written, %v", n, len(rest), err)
		}
		rest = rest[n:]
	}
	buf := make([]byte, 1<<16)
	for i, p := range packets {
		want := slices.Concat(p...)
		n, from, err := theirs.ReadFrom(buf)
		if err != nil || !bytes.Equal(buf[:n], want) || ms[i].N != len(want) || from.String() != ours.LocalAddr().String() {
			t.Fatalf("packet %d: %q from %v, %v; not %q; N is %d", i, buf[:n], from, err, want, ms[i].N)
		}
	}
}

// fromNet reads packets into pieces of room.
func fromNet(t *testing.T, ours *conn.UDPConn, theirs *net.UDPConn, packets [][][]byte, rooms []byte) {
	for _, p := range packets {
		if _, err := theirs.WriteTo(slices.Concat(p...), ours.LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	room := make([]byte, 2000)
	for len(packets) > 0 {
		for i := range room {
			room[i] = 0xaa
		}
		ms := make([]conn.Message, 0, 8)
		for _, bs := range pieces(room, rooms) {
			ms = append(ms, conn.Message{Buffers: bs})
		}
		n, err := ours.ReadBatch(ms, 0)
		if err != nil || n < 1 || n > len(packets) {
			t.Fatalf("%d of %d read, %v", n, len(packets), err)
		}
		for i, m := range ms[:n] {
			received(t, m, slices.Concat(packets[i]...), theirs.LocalAddr())
		}
		packets = packets[n:]
	}
}

// received checks a packet that came.
func received(t *testing.T, m conn.Message, sent []byte, from net.Addr) {
	got := slices.Concat(m.Buffers...)
	n := min(len(sent), len(got))
	flags := 0
	if len(sent) > len(got) {
		flags = unix.MSG_TRUNC
	}
	if m.N != n || m.NN != 0 || m.Flags != flags || m.Addr.String() != from.String() ||
		!bytes.Equal(got[:n], sent[:n]) || bytes.ContainsFunc(got[n:], func(r rune) bool { return r != 0xfffd }) {
		t.Errorf("%d %d %x from %v: % x, not % x", m.N, m.NN, m.Flags, m.Addr, got, sent)
	}
}
