package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

var errDigest = errors.New("digest is wrong")

// A download is a layer on its way to a file. It outlives the connections: what one of
// them brought is where the next goes on.
type download struct {
	layer
	want     []byte // the digest
	file     *os.File
	hash     hash.Hash // of what the file has
	have     int64     // bytes in the file
	furthest int64     // that have ever was, since the digest was last found wrong
	attempts int
	resumed  int64 // bytes that did not have to be sent again
	wrong    int   // how often the digest was
	moved    func(have int64)
}

// newDownload writes to a file in dir, which has the layer's digest for a name only when
// that has been verified.
func newDownload(l layer, dir string, moved func(have int64)) (*download, error) {
	// The digest will be a file's name: it has to be one, whatever the server sent.
	digits, _ := strings.CutPrefix(l.Digest, "sha256:")
	want, err := hex.DecodeString(digits)
	if err != nil || len(want) != sha256.Size || l.Size < 0 {
		return nil, fmt.Errorf("the manifest has a layer %q of %d bytes", l.Digest, l.Size)
	}
	file, err := os.CreateTemp(dir, "partial-*")
	if err != nil {
		return nil, err
	}
	return &download{layer: l, want: want, file: file, hash: sha256.New(), moved: moved}, nil
}

// Write appends what a connection brought.
func (d *download) Write(p []byte) (int, error) {
	n, err := d.file.Write(p)
	d.hash.Write(p[:n])
	d.have += int64(n)
	d.moved(d.have)
	if err != nil {
		return n, hopeless{err} // it is our disk, not the network
	}
	return n, nil
}

// further reports whether the download is where it has never been.
func (d *download) further() bool {
	before := d.furthest
	d.furthest = max(before, d.have)
	return d.furthest > before
}

// restart forgets everything.
func (d *download) restart() error {
	d.have = 0
	d.hash.Reset()
	d.moved(0)
	if _, err := d.file.Seek(0, io.SeekStart); err != nil {
		return hopeless{err}
	}
	if err := d.file.Truncate(0); err != nil {
		return hopeless{err}
	}
	return nil
}

// ask adds to a request what says which part of the layer is missing.
func (d *download) ask(req *http.Request) {
	if d.have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.have))
	}
}

// take appends the body of the response, which may begin where ask asked for or, from a
// server that does not know ranges, at the start.
func (d *download) take(resp *http.Response) error {
	first, err := firstByte(resp, d.have, d.Size)
	if err != nil {
		return err
	}
	if first != d.have {
		if err := d.restart(); err != nil {
			return err
		}
	}
	d.resumed += first
	// No more than the layer's size, however much the server has to say.
	if _, err = io.Copy(d, io.LimitReader(resp.Body, d.Size-d.have)); err == nil && d.have < d.Size {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// firstByte returns which byte of the layer the body of a response begins with, given that
// we have so many of them.
func firstByte(resp *http.Response, have, size int64) (int64, error) {
	switch code := resp.StatusCode; {
	case code == http.StatusOK:
		return 0, nil
	case code == http.StatusPartialContent:
		got, want := resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-%d/%d", have, size-1, size)
		if got != want {
			return 0, hopeless{fmt.Errorf("the server sends %q, and we need %q", got, want)}
		}
		return have, nil
	}
	return 0, refusal(resp)
}

// refusal is the error for a response without content. Only some may be better next time.
func refusal(resp *http.Response) error {
	err := errors.New(resp.Status)
	switch code := resp.StatusCode; {
	case code >= 500, code == http.StatusTooManyRequests, code == http.StatusRequestTimeout:
		return err
	}
	return hopeless{err}
}

// verify gives the file its name if it has every byte and the right ones. If not, all of it
// has to be fetched anew: nobody can tell which bytes are wrong. A server that has them
// wrong three times has wrong ones.
func (d *download) verify(dir string) error {
	if !bytes.Equal(d.hash.Sum(nil), d.want) {
		d.furthest = 0
		if d.wrong++; d.wrong == 3 {
			return hopeless{errDigest}
		}
		return errors.Join(errDigest, d.restart())
	}
	if err := d.file.Close(); err != nil {
		return hopeless{err}
	}
	return os.Rename(d.file.Name(), filepath.Join(dir, hex.EncodeToString(d.want)))
}
