package netpoller

import (
	"net"
	"time"

	"github.com/a57b2d82/netpoller/conn"
)

// A TimeoutConn is a connection on which every Read and every Write has a time limit of
// its own. See conn.TimeoutConn.
type TimeoutConn = conn.TimeoutConn

// WithTimeout returns c with its Reads and Writes limited: each fails, with an error that
// is os.ErrDeadlineExceeded, when it has made no progress for so long. 0 or less means no
// limit. It takes any net.Conn; on ours a limit costs nothing until somebody has to wait.
// See conn.WithTimeout.
func WithTimeout(c net.Conn, read, write time.Duration) *TimeoutConn {
	return conn.WithTimeout(c, read, write)
}
