package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/require"
)

var seed = flag.Uint64("seed", 0, "of what is decided at random; 0 takes another one each time")

// asProgram is set for children of the tests, which are this program.
const asProgram = "WEBSOCKET_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Setenv(asProgram, "1")
	patience = 2 * time.Second
	flag.Parse()
	if err := flag.Set("test.parallel", "50"); err != nil { // tests wait more than they compute
		panic(err)
	}
	os.Exit(m.Run())
}

// newRand returns a source for a test that fails, or one like it, to be run again.
func newRand(t *testing.T) *rand.Rand {
	s := *seed
	if s == 0 {
		s = rand.Uint64()
	}
	t.Logf("-seed %d", s)
	return rand.New(rand.NewPCG(s, 0))
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, limit, time.Millisecond, what)
}

// If this fails, a server loses, changes or mixes up messages, or waits for more bytes although it
// has a message: messages come in fragments, several in one write or TLS record, and split
// anywhere, with pings among the fragments.
func TestEcho(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, s served) {
		rng := newRand(t)
		t.Run("clients", func(t *testing.T) {
			for i := range 4 {
				rng := rand.New(rand.NewPCG(rng.Uint64(), 0))
				t.Run(strconv.Itoa(i), func(t *testing.T) {
					t.Parallel()
					c := s.dialTest(t, rng)
					for range 6 {
						c.exchange(t, 1+rng.IntN(12))
					}
					c.finish(t)
				})
			}
		})
		eventually(t, "no connection is left", func() bool { return s.online() == 0 })
	})
}

// exchange sends messages, and expects each back, and a pong for each ping.
func (c *client) exchange(t *testing.T, messages int) {
	var stream []byte
	var want []ws.Frame
	var pings [][]byte
	for range messages {
		m := message(c.rng)
		frames, among := fragments(t, c.rng, m)
		stream = append(stream, frames...)
		if c.server != "nbio" || len(m.Payload) > 0 { // nbio does not pass on one without content
			want = append(want, m)
		}
		pings = append(pings, among...)
	}
	sent := make(chan error, 1)
	go func() {
		for piece := range pieces(c.rng, stream) { // each a record, or several
			if _, err := c.Write(piece); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	for len(want)+len(pings) > 0 {
		got, err := ws.ReadFrame(c.r)
		require.NoError(t, err, "%d messages and %d pongs are missing", len(want), len(pings))
		require.False(t, got.Header.Masked)
		if got.Header.OpCode == ws.OpPong {
			require.NotEmpty(t, pings, "a pong without a ping")
			require.True(t, string(pings[0]) == string(got.Payload), "a pong of %q for a ping of %q", got.Payload, pings[0])
			pings = pings[1:]
			continue
		}
		require.NotEmpty(t, want, "a message that was not sent")
		for fin := got.Header.Fin; !fin; { // nbio sends fragments
			next, err := ws.ReadFrame(c.r)
			require.NoError(t, err)
			require.Equal(t, ws.OpContinuation, next.Header.OpCode)
			got.Payload, fin = append(got.Payload, next.Payload...), next.Header.Fin
		}
		require.Equal(t, want[0].Header.OpCode, got.Header.OpCode)
		require.True(t, string(want[0].Payload) == string(got.Payload), "%d bytes came back as %d others", len(want[0].Payload), len(got.Payload))
		want = want[1:]
	}
	require.NoError(t, <-sent)
}

// finish closes as the protocol wants it, and expects the server to do so.
func (c *client) finish(t *testing.T) {
	_, err := c.Write(masked(t, ws.NewCloseFrame(ws.NewCloseFrameBody(ws.StatusGoingAway, "bye"))))
	require.NoError(t, err)
	require.Equal(t, "closes with 1001", c.reaction(t))
}

// reaction returns what the server does.
func (c *client) reaction(t *testing.T) string {
	got, err := ws.ReadFrame(c.r)
	if err == io.EOF {
		return "closes"
	}
	require.NoError(t, err)
	if got.Header.OpCode != ws.OpClose {
		return "answers"
	}
	code, _ := ws.ParseCloseFrameData(got.Payload)
	_, err = c.r.ReadByte()
	require.Equal(t, io.EOF, err, "the server has closed the connection")
	return fmt.Sprint("closes with ", code)
}

// If this fails, a server takes what is no WebSocket, or goes on after it, or nbio does something
// else than docs/websocket.md says.
func TestRefusal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name           string
		sent           []byte
		reaction, nbio string
	}{
		{"a frame without a mask", ws.MustCompileFrame(ws.NewTextFrame([]byte("x"))), "closes with 1002", "answers"},
		{"a continuation of nothing", masked(t, ws.NewFrame(ws.OpContinuation, true, []byte("x"))), "closes with 1002", "closes"},
		{"text that is no UTF-8", masked(t, ws.NewTextFrame([]byte("\xff"))), "closes with 1007", "closes with 1002"},
		{"a message that is too long", masked(t, ws.NewBinaryFrame(make([]byte, longest+1)))[:100], "closes with 1009", "closes with 1009"},
	} {
		t.Run(c.name, func(t *testing.T) {
			eachServer(t, func(t *testing.T, s served) {
				client := s.dialTest(t, nil) // a peer that closes and has not read all resets the connection
				_, err := client.Write(c.sent)
				require.NoError(t, err)
				want := c.reaction
				if s.name == "nbio" {
					want = c.nbio
				}
				require.Equal(t, want, client.reaction(t))
				if want != "answers" {
					eventually(t, "no connection is left", func() bool { return s.online() == 0 })
				}
			})
		})
	}
}

// If this fails, a server keeps connections whose clients are gone.
func TestVanish(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, s served) {
		rng := newRand(t)
		var clients []*client
		for i := range 12 {
			c := s.dialTest(t, rng)
			clients = append(clients, c)
			if i%2 == 0 { // within a message, and within a record
				frame := masked(t, ws.NewTextFrame([]byte("half a message")))
				_, err := c.Write(frame[:1+rng.IntN(len(frame)-1)])
				require.NoError(t, err)
				if s.roots != nil {
					_, err = c.raw.Write([]byte{0x17, 0x03, 0x03}[:rng.IntN(4)])
					require.NoError(t, err)
				}
			}
		}
		eventually(t, "all are there", func() bool { return s.online() == len(clients) })
		for i, c := range clients {
			if i%3 == 0 { // a reset; the others end the stream
				require.NoError(t, c.raw.(*net.TCPConn).SetLinger(0))
			}
			require.NoError(t, c.raw.Close())
		}
		eventually(t, "no connection is left", func() bool { return s.online() == 0 })
	})
}

// If this fails, a broadcast does not reach all, or comes to some twice.
func TestBroadcast(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, s served) {
		rng := newRand(t)
		var clients []*client
		for range 10 {
			clients = append(clients, s.dialTest(t, rng))
		}
		eventually(t, "all are there", func() bool { return s.online() == len(clients) })
		for i := range 5 {
			text := toAll + strings.Repeat("x", rng.IntN(1000)) + strconv.Itoa(i)
			_, err := clients[rng.IntN(len(clients))].Write(masked(t, ws.NewTextFrame([]byte(text))))
			require.NoError(t, err)
			for _, c := range clients {
				got, err := ws.ReadFrame(c.r)
				require.NoError(t, err)
				require.Equal(t, text, string(got.Payload))
			}
		}
	})
}

// If this fails, a client that reads nothing keeps broadcasts from the others, or takes ever more
// memory of the server.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, s served) {
		slow, one, two := s.dialTest(t, nil), s.dialTest(t, nil), s.dialTest(t, nil)
		eventually(t, "all are there", func() bool { return s.online() == 3 })
		text := toAll + strings.Repeat("x", longest/2)
		for i := 0; s.online() == 3; i++ {
			require.Less(t, i, 100, "the slow client is still there")
			_, err := one.Write(masked(t, ws.NewTextFrame([]byte(text))))
			require.NoError(t, err)
			received := make(chan error, 2)
			for _, c := range []*client{one, two} {
				require.NoError(t, c.raw.SetDeadline(time.Now().Add(limit)))
				go func() {
					n, err := c.textLength()
					if err == nil && n != len(text) {
						err = fmt.Errorf("%d bytes instead of %d", n, len(text))
					}
					received <- err
				}()
			}
			require.NoError(t, <-received)
			require.NoError(t, <-received)
		}
		require.Equal(t, 2, s.online())
		require.NoError(t, slow.raw.Close())
	})
}

// textLength reads a text and returns its length.
func (c *client) textLength() (n int, err error) {
	for {
		f, err := ws.ReadFrame(c.r) // nbio sends fragments
		if n += len(f.Payload); err != nil || f.Header.Fin {
			return n, err
		}
	}
}

// If this fails, a server that stops keeps its connections.
func TestStop(t *testing.T) {
	t.Parallel()
	eachServer(t, func(t *testing.T, s served) {
		clients := []*client{s.dialTest(t, nil), s.dialTest(t, nil)}
		eventually(t, "all are there", func() bool { return s.online() == len(clients) })
		s.stop()
		for _, c := range clients {
			_, err := c.r.ReadByte()
			require.Error(t, err)
			require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
		}
		eventually(t, "no connection is left", func() bool { return s.online() == 0 })
		_, err := net.Dial("tcp", s.address)
		require.Error(t, err)
	})
}

// If this fails, the comparison does not end, or leaves out a server.
func TestCompare(t *testing.T) {
	var out strings.Builder
	soon := 10 * time.Millisecond
	require.NoError(t, compare(&out, kinds, plan{conns: 20, rounds: 2, settle: soon, forget: soon, idle: soon, pause: soon}))
	for _, k := range kinds {
		require.Regexp(t, `(?m)^ *`+k.name+` +plain( +\S+){9}$`, out.String())
		require.Regexp(t, `(?m)^ *`+k.name+` +TLS( +\S+){9}$`, out.String())
	}
}

// If this fails, a comparison that is ended leaves processes behind.
func TestNothingIsLeft(t *testing.T) {
	cmd := exec.Command("/proc/self/exe", "-conns", "50", "-servers", "netpoller")
	require.NoError(t, cmd.Start())
	var children []string
	eventually(t, "it has two children", func() bool {
		children = nil
		lists, _ := filepath.Glob("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/task/*/children")
		for _, list := range lists {
			b, _ := os.ReadFile(list)
			children = append(children, strings.Fields(string(b))...)
		}
		return len(children) == 2
	})
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	for _, child := range children {
		pid, err := strconv.Atoi(child)
		require.NoError(t, err)
		eventually(t, "a child is gone", func() bool {
			stat, err := os.ReadFile("/proc/" + child + "/stat")
			return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) || err == nil && strings.Contains(string(stat), ") Z ")
		})
	}
}

// If this fails, more connections are tried than the limit on descriptors allows.
func TestPossible(t *testing.T) {
	most, err := descriptors()
	require.NoError(t, err)
	n, err := possible(most)
	require.NoError(t, err)
	require.Less(t, n, most)
	n, err = possible(1)
	require.NoError(t, err)
	require.Equal(t, 1, n)
}
