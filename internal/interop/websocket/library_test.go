//go:build linux

// Package websocket tests github.com/gorilla/websocket and github.com/coder/websocket
// over package netpoller.
package websocket

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

func TestMain(m *testing.M) { os.Exit(ends.WithoutLeaks(m.Run)) }

const (
	// short is a timeout that shall hit.
	short = 50 * time.Millisecond

	// ample is one before which the other end has something to do, on a busy machine.
	ample = time.Second
)

// A link is one end of a websocket connection, of either library.
type link interface {
	send(message []byte) error
	receive() ([]byte, error)

	// bye closes the connection and waits until the other end agrees.
	bye() error

	// drop closes it without a word.
	drop()
}

// A library makes links. Compression is on where both ends want it.
type library struct {
	name   string
	accept func(w http.ResponseWriter, r *http.Request, compress bool) (link, error)
	dial   func(ctx context.Context, s ends.Side, address string, compress bool) (link, error)
}

var libraries = []library{
	{"gorilla", acceptGorilla, dialGorilla},
	{"coder", acceptCoder, dialCoder},
}

type gorillaLink struct{ *gorilla.Conn }

func acceptGorilla(w http.ResponseWriter, r *http.Request, compress bool) (link, error) {
	u := gorilla.Upgrader{EnableCompression: compress}
	c, err := u.Upgrade(w, r, nil)
	return gorillaLink{c}, err
}

func dialGorilla(ctx context.Context, s ends.Side, address string, compress bool) (link, error) {
	d := gorilla.Dialer{NetDialContext: s.Dial, EnableCompression: compress}
	c, _, err := d.DialContext(ctx, "ws://"+address, nil)
	return gorillaLink{c}, err
}

func (l gorillaLink) send(message []byte) error {
	return l.WriteMessage(gorilla.BinaryMessage, message)
}

func (l gorillaLink) receive() ([]byte, error) {
	_, message, err := l.ReadMessage()
	return message, err
}

func (l gorillaLink) bye() error {
	defer l.Close()
	goodbye := gorilla.FormatCloseMessage(gorilla.CloseNormalClosure, "")
	if err := l.WriteControl(gorilla.CloseMessage, goodbye, time.Now().Add(ends.Patience)); err != nil {
		return err
	}
	for {
		if _, err := l.receive(); closedNormally(err) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

func (l gorillaLink) drop() { l.Close() }

type coderLink struct{ *coder.Conn }

func acceptCoder(w http.ResponseWriter, r *http.Request, compress bool) (link, error) {
	options := &coder.AcceptOptions{}
	if compress {
		options.CompressionMode = coder.CompressionContextTakeover
	}
	c, err := coder.Accept(w, r, options)
	if err != nil {
		return nil, err
	}
	c.SetReadLimit(-1)
	return coderLink{c}, nil
}

func dialCoder(ctx context.Context, s ends.Side, address string, compress bool) (link, error) {
	transport := &http.Transport{DialContext: s.Dial}
	options := &coder.DialOptions{HTTPClient: &http.Client{Transport: transport}}
	if compress {
		options.CompressionMode = coder.CompressionContextTakeover
	}
	c, _, err := coder.Dial(ctx, "ws://"+address, options)
	if err != nil {
		return nil, err
	}
	c.SetReadLimit(-1)
	return coderLink{c}, nil
}

func (l coderLink) send(message []byte) error {
	return l.Write(context.Background(), coder.MessageBinary, message)
}

func (l coderLink) receive() ([]byte, error) {
	_, message, err := l.Read(context.Background())
	return message, err
}

func (l coderLink) bye() error { return l.Close(coder.StatusNormalClosure, "") }

func (l coderLink) drop() { l.CloseNow() }

// closedNormally reports whether err says that the other end said bye.
func closedNormally(err error) bool {
	var e *gorilla.CloseError
	if errors.As(err, &e) {
		return e.Code == gorilla.CloseNormalClosure
	}
	return coder.CloseStatus(err) == coder.StatusNormalClosure
}

// timedOut reports whether err says that it took too long; gorilla says so in an error
// of its own.
func timedOut(err error) bool {
	var e net.Error
	return errors.As(err, &e) && e.Timeout()
}

// forEachLibrary runs body with each library at each end.
func forEachLibrary(t *testing.T, body func(t *testing.T, server, client library, p ends.Pair)) {
	for _, server := range libraries {
		for _, client := range libraries {
			t.Run(server.name+"-"+client.name, func(t *testing.T) {
				ends.ForEachPair(t, func(t *testing.T, p ends.Pair) { body(t, server, client, p) })
			})
		}
	}
}

// connect returns a client's link, and the result of what the server does with its own.
func connect(t *testing.T, server, client library, p ends.Pair, compress bool, handle func(link) error) (link, <-chan error) {
	t.Helper()
	result := make(chan error, 1)
	_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
		l, err := server.accept(w, r, compress)
		if !assert.NoError(t, err) {
			return
		}
		defer l.drop()
		result <- handle(l)
	})
	l, err := client.dial(t.Context(), p.Client, address, compress)
	require.NoError(t, err)
	t.Cleanup(l.drop)
	return l, result
}
