package waiting

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// busy keeps all processors busy with goroutines that compute, until the test ends.
func busy(t *testing.T) {
	var stop atomic.Bool
	t.Cleanup(func() { stop.Store(true) })
	for range 4 * runtime.GOMAXPROCS(0) {
		go func() {
			for i := 0; !stop.Load(); i++ {
				_ = i
			}
		}()
	}
}

// If this failed, a deadline that has passed would not stop what begins afterwards, while
// there is no processor for whatever tells of it.
func TestPassedDeadlineStopsEverything(t *testing.T) {
	busy(t)
	const ahead = 2 * time.Millisecond
	for _, op := range []struct {
		name string
		do   func(c net.Conn) error
	}{
		{"Read", func(c net.Conn) error { _, err := c.Read(make([]byte, 1)); return err }},
		{"Write", func(c net.Conn) error { _, err := c.Write([]byte("x")); return err }},
	} {
		for _, network := range []string{"tcp", "unix"} {
			t.Run(op.name+" "+network, func(t *testing.T) {
				eachMaker(t, func(t *testing.T, m maker) {
					address := "127.0.0.1:0"
					if network == "unix" {
						address = t.TempDir() + "/s"
					}
					near, far := m.pair(t, network, address)
					defer near.Close()
					defer far.Close()
					_, err := far.Write(make([]byte, 1000)) // for each Read something
					require.NoError(t, err)
					for range 20 {
						require.NoError(t, near.SetDeadline(time.Now().Add(ahead)))
						time.Sleep(ahead + ahead/2)
						require.ErrorIs(t, op.do(near), os.ErrDeadlineExceeded)
					}
				})
			})
		}
	}
}

// If this failed, an HTTP server would send what its WriteTimeout forbids.
func TestNoResponseAfterWriteTimeout(t *testing.T) {
	busy(t)
	eachMaker(t, func(t *testing.T, m maker) {
		ln, err := m.listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		s := &http.Server{
			WriteTimeout: 5 * time.Millisecond,
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				time.Sleep(10 * time.Millisecond)
				fmt.Fprint(w, "too late")
			}),
		}
		go s.Serve(ln)
		defer s.Close()
		for range 6 {
			c, err := net.Dial("tcp", ln.Addr().String())
			require.NoError(t, err)
			_, err = fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: server\r\nConnection: close\r\n\r\n")
			require.NoError(t, err)
			got, _ := io.ReadAll(c)
			require.Empty(t, string(got))
			c.Close()
		}
	})
}
