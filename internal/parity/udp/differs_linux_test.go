package udp

import (
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// If this fails, docs/reference/divergences.md is out of date: a ReadMsg that fails returns
// nothing, where package net's returns -1 after it waited, and an address for UDP.
func TestFailedReadMsgDiffers(t *testing.T) {
	for _, std := range []bool{true, false} {
		s := both.NewSide(t, std)
		c := s.UDP("udp4", "127.0.0.1:0", "OURS")
		fail := func() (int, *net.UDPAddr) {
			require.NoError(t, c.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
			n, _, _, addr, err := c.ReadMsgUDP(make([]byte, 8), nil)
			require.Error(t, err)
			return n, addr
		}
		if !std {
			n, addr := fail()
			require.Zero(t, n)
			require.Nil(t, addr)
			continue
		}
		nettest.Eventually(t, "-1 of a call that waited", func() bool {
			n, addr := fail()
			require.Equal(t, "0.0.0.0:0", addr.String())
			return n == -1
		})
	}
}

// If this fails, docs/reference/divergences.md is out of date: control messages without data go
// out of a raw socket as an empty packet, and package net adds a byte.
func TestControlAloneDiffers(t *testing.T) {
	if !nettest.RerunAlone(t) {
		return
	}
	for _, std := range []bool{true, false} {
		s := both.NewSide(t, std)
		to := &net.IPAddr{IP: net.IPv4(127, 0, 0, 1)}
		c, err := s.ListenIP("ip4:254", to)
		require.NoError(t, err)
		defer c.Close()
		require.NoError(t, c.SetDeadline(time.Now().Add(time.Minute)))
		n, _, err := c.WriteMsgIP(nil, unix.PktInfo4(&unix.Inet4Pktinfo{}), to)
		require.NoError(t, err)
		require.Zero(t, n)
		n, _, err = c.ReadFromIP(make([]byte, 64))
		require.NoError(t, err)
		require.Equal(t, map[bool]int{true: 1, false: 0}[std], n)
	}
}
