package copy

import (
	"errors"
	"io"
	"net"
	"testing"

	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// failing fails to read or write.
type failing struct{ err error }

func (f failing) Read(p []byte) (int, error) { return copy(p, "part"), f.err }

func (f failing) Write(p []byte) (int, error) { return len(p) / 2, f.err }

// ReadFrom and WriteTo must tell what they moved and whose error ended them.
func TestErrorsOfCopy(t *testing.T) {
	for _, theirs := range []error{errors.New("theirs"), io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, nil} {
		if theirs != nil {
			both.Compare(t, func(s *both.Side) []any {
				c, _ := s.Pair()
				n, err := c.ReadFrom(failing{theirs})
				n2, err2 := io.Copy(c, failing{theirs})
				return both.Results(n, err, n2, err2)
			})
		}
		both.Compare(t, func(s *both.Side) []any {
			c, peer := s.Pair()
			both.Farewell(s, c, peer)
			n, err := c.WriteTo(failing{theirs})
			return both.Results(n, err)
		})
	}
}
