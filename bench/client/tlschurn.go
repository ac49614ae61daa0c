//go:build linux

package client

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/a57b2d82/netpoller/bench/servers"
)

// tlsChurn is churn over crypto/tls, made of goroutines. A handshake is a full one: there is no cache of sessions.
type tlsChurn struct {
	addr string
	servers.Point
}

func (tlsChurn) Close() {}

// Run keeps c.Conns connections under way.
func (c tlsChurn) Run(ctx context.Context, d time.Duration) (Load, error) {
	return together(c.Conns, d, func(i int, end time.Time, h *hdrhistogram.Histogram) error {
		talk := oneShotHTTPDialogue(c.Size)
		for seq := uint64(i) << 40; ; seq++ {
			start := time.Now()
			if err := c.once(ctx, talk, seq); err != nil {
				return err
			}
			done := time.Now()
			if err := h.RecordValue(int64(min(done.Sub(start), slowest))); err != nil {
				return err
			}
			if done.After(end) {
				return nil
			}
		}
	})
}

// once makes a connection for one request.
func (c tlsChurn) once(ctx context.Context, talk *dialogue, seq uint64) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.addr)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(stalled)); err != nil {
		return err
	}
	if err := conn.(*net.TCPConn).SetLinger(0); err != nil {
		return err
	}
	secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
	talk.stamp(seq)
	if _, err := secure.Write(talk.request); err != nil {
		return err
	}
	reply, err := io.ReadAll(secure)
	if err != nil {
		return err
	}
	if len(reply) != talk.length {
		return fmt.Errorf("wrong reply: %d bytes, not %d: %.80q", len(reply), talk.length, reply)
	}
	return talk.check(seq, 0, reply)
}
