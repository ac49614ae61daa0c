//go:build linux

package client

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/a57b2d82/netpoller/bench/counting"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// tlsClient is a closed loop like client, made of goroutines.
type tlsClient struct {
	conns []*tls.Conn
	size  int
}

func newTLSClient(addr string, p servers.Point) (*tlsClient, error) {
	c := &tlsClient{size: p.Size}
	for range p.Conns {
		conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			c.Close()
			return nil, err
		}
		c.conns = append(c.conns, conn)
	}
	return c, nil
}

func (c *tlsClient) Close() {
	for _, conn := range c.conns {
		conn.NetConn().(*net.TCPConn).SetLinger(0)
		conn.NetConn().Close()
	}
}

func (c *tlsClient) Run(ctx context.Context, d time.Duration) (Load, error) {
	stop := context.AfterFunc(ctx, c.Close)
	defer stop()
	return together(len(c.conns), d, func(i int, end time.Time, h *hdrhistogram.Histogram) error {
		return c.loop(c.conns[i], byte(i), end, h)
	})
}

// together runs n loops until end and adds up what they count.
func together(n int, d time.Duration, loop func(i int, end time.Time, h *hdrhistogram.Histogram) error) (Load, error) {
	l := Load{Latency: newHistogram()}
	cpu, start := counting.ProcessCPU(), time.Now()
	var wg sync.WaitGroup
	histograms, errs := make([]*hdrhistogram.Histogram, n), make([]error, n)
	for i := range n {
		histograms[i] = newHistogram()
		wg.Go(func() { errs[i] = loop(i, start.Add(d), histograms[i]) })
	}
	wg.Wait()
	l.Elapsed, l.CPU = time.Since(start), counting.ProcessCPU()-cpu
	for _, h := range histograms {
		l.Requests += int(h.TotalCount())
		l.Latency.Merge(h)
	}
	return l, errors.Join(errs...)
}

func (c *tlsClient) loop(conn *tls.Conn, fill byte, end time.Time, h *hdrhistogram.Histogram) error {
	request, reply := bytes.Repeat([]byte{fill}, c.size), make([]byte, c.size)
	for now := time.Now(); now.Before(end); {
		request[0]++
		if err := conn.SetDeadline(now.Add(stalled)); err != nil {
			return err
		}
		if _, err := conn.Write(request); err != nil {
			return err
		}
		if _, err := io.ReadFull(conn, reply); err != nil {
			return err
		}
		if !bytes.Equal(request, reply) {
			return fmt.Errorf("wrong reply")
		}
		done := time.Now()
		if err := h.RecordValue(int64(min(done.Sub(now), slowest))); err != nil {
			return err
		}
		now = done
	}
	return nil
}
