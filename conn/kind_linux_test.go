package conn

import (
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/fd"
)

// If this fails, the short-read rule is relied on where it does not hold, or packets are
// taken for a stream.
func TestKinds(t *testing.T) {
	for _, tt := range []struct {
		sotype, proto int
		kind          fd.Kind
	}{
		{syscall.SOCK_STREAM, syscall.IPPROTO_TCP, fd.KindTCP},
		{syscall.SOCK_STREAM, MultipathTCP, fd.KindStream},
		{syscall.SOCK_STREAM, 0, fd.KindStream},
		{syscall.SOCK_SEQPACKET, 0, fd.KindSeqPacket},
		{syscall.SOCK_DGRAM, 0, fd.KindPacket},
		{syscall.SOCK_RAW, 1, fd.KindPacket},
	} {
		f := &NetFD{common: &common{sotype: tt.sotype, proto: tt.proto}}
		require.Equal(t, tt.kind, f.kind(), "type %d, protocol %d", tt.sotype, tt.proto)
	}
}

// If this fails, a connection of a peer that speaks plain TCP does without the short-read rule
// because the listener speaks Multipath TCP.
func TestKindsOfAccepted(t *testing.T) {
	for proto, kind := range map[int]fd.Kind{
		syscall.IPPROTO_TCP: fd.KindTCP,
		MultipathTCP:        fd.KindMaybeTCP,
		0:                   fd.KindStream,
	} {
		l := &NetFD{common: &common{sotype: syscall.SOCK_STREAM, proto: proto}}
		require.Equal(t, kind, l.acceptedKind(), "protocol %d", proto)
	}
}

// If this fails, goroutines that use link-local addresses spoil each other's zones, or an
// interface that has gone has no name.
func TestZoneCacheIsShared(t *testing.T) {
	var z zoneCache
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for i := range 50 {
				z.mu.Lock()
				z.asked = 0 // it is old
				z.mu.Unlock()
				require.EqualValues(t, 1<<30, z.id("1073741824"))
				require.Equal(t, "1073741824", z.name(1<<30))
				require.Zero(t, z.id("no such interface"), i)
			}
		})
	}
	all.Wait()
}
