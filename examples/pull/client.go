package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/a57b2d82/netpoller"
)

// A client pulls an image from a registry into a directory.
type client struct {
	url     string
	dir     string
	http    *http.Client
	backoff backoff
}

// newClient returns a client whose every Read and Write may take so long.
//
// The timeout of an http.Client would not do: it is for the whole response, and a big layer
// over a slow line is no failure. Silence is. The same limit ends connections that are
// kept for another request and get none, because a transport reads them all the time.
func newClient(url, dir string, timeout time.Duration) *client {
	dialer := &netpoller.Dialer{Timeout: timeout}
	dial := func(ctx context.Context, network, address string) (netpoller.Conn, error) {
		c, err := dialer.DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return netpoller.WithTimeout(c, timeout, timeout), nil
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() // with its proxy, HTTP/2 and timeouts
	transport.DialContext = dial
	return &client{url: url, dir: dir, http: &http.Client{Transport: transport}, backoff: politely}
}

// A tally is what pulling an image took.
type tally struct {
	fault    string
	layers   int
	verified int
	attempts int
	resumed  int64 // bytes
	took     time.Duration
}

// pull fetches all layers at the same time. When one fails, the others go on: what they
// bring need not be fetched again.
func (c *client) pull(ctx context.Context, b *board) (tally, error) {
	defer c.http.CloseIdleConnections()
	begun := time.Now()
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		return tally{}, err
	}
	image, err := c.manifest(ctx)
	if err != nil {
		return tally{}, fmt.Errorf("manifest: %w", err)
	}
	b.begin(image.Layers)
	var all sync.WaitGroup
	downloads := make([]*download, len(image.Layers))
	errs := make([]error, len(image.Layers))
	for i, l := range image.Layers {
		moved := func(have int64) { b.move(i, have) }
		if downloads[i], errs[i] = newDownload(l, c.dir, moved); errs[i] != nil {
			continue
		}
		all.Go(func() { errs[i] = c.layer(ctx, downloads[i], func(text string) { b.say(i, text) }) })
	}
	all.Wait()
	b.end()
	t := tally{layers: len(image.Layers), took: time.Since(begun)}
	for i, d := range downloads {
		if errs[i] != nil {
			errs[i] = fmt.Errorf("layer %d: %w", i+1, errs[i])
		} else {
			t.verified++
		}
		if d != nil {
			t.attempts += d.attempts
			t.resumed += d.resumed
		}
	}
	return t, errors.Join(errs...)
}

func (c *client) manifest(ctx context.Context) (m manifest, err error) {
	err = c.backoff.retry(ctx, func(string) {}, func() (bool, error) {
		resp, err := c.get(ctx, "manifests/latest", func(*http.Request) {})
		if err != nil {
			return false, err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return false, refusal(resp)
		}
		return false, json.NewDecoder(resp.Body).Decode(&m)
	})
	return m, err
}

// layer fetches a layer, over as many connections as that takes.
func (c *client) layer(ctx context.Context, d *download, say func(string)) error {
	err := c.backoff.retry(ctx, say, func() (bool, error) {
		if err := c.fetch(ctx, d); err != nil {
			return d.further(), err
		}
		return true, d.verify(c.dir)
	})
	if err != nil {
		say("given up: " + reason(err))
		d.file.Close()
		return errors.Join(err, os.Remove(d.file.Name()))
	}
	say("verified")
	return nil
}

// fetch makes one attempt to get what is missing.
func (c *client) fetch(ctx context.Context, d *download) error {
	d.attempts++
	resp, err := c.get(ctx, "blobs/"+d.Digest, d.ask)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return d.take(resp)
}

func (c *client) get(ctx context.Context, path string, with func(*http.Request)) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", c.url+"/v2/example/"+path, nil)
	if err != nil {
		return nil, hopeless{err}
	}
	with(req)
	return c.http.Do(req)
}
