//go:build linux

package ends

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
)

// Stream returns n bytes that anyone can make from the seed.
func Stream(seed byte, n int64) io.Reader {
	return io.LimitReader(rand.NewChaCha8([32]byte{seed}), n)
}

// Bytes returns what Stream gives, at once.
func Bytes(seed byte, n int64) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

// Checksum reads all of r. Equal sums mean the same bytes in the same order, none
// missing, none doubled.
func Checksum(r io.Reader) (string, error) {
	h := sha256.New()
	n, err := io.Copy(h, r)
	return fmt.Sprintf("%d bytes, %s", n, hex.EncodeToString(h.Sum(nil))), err
}

// SizeOf is how large a body is that shall be large.
func SizeOf(full int64) int64 {
	if testing.Short() || Race {
		return full / 10
	}
	return full
}

// Tool returns the path of a program. It skips the test where there is none, except if
// CI is set.
func Tool(t testing.TB, name string) (path string) {
	t.Helper()
	path, err := Find(name)
	Need(t, err)
	return path
}
