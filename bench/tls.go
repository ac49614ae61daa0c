//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

var tlsScenario = scenario{
	key: "tls", title: "TLS echo", unit: "request",
	shows: "Echo under crypto/tls. The client is crypto/tls over package net with a goroutine per connection, dearer than " +
		"the server: read the CPU column, which is the server's.",
	points:   crossed([]int{1, 64}, []int{64, 16 << 10}),
	start:    serveTLS,
	load:     func(srv *server, p point) (loader, error) { return newTLSClient(srv.hello.Addr, p) },
	compared: echoScenario.compared,
	others:   echoScenario.others,
}

func serveTLS(v variant, _ point) (subject, error) {
	certificate, err := selfSigned()
	if err != nil {
		return subject{}, err
	}
	config := &tls.Config{Certificates: []tls.Certificate{certificate}}
	return serveWith(v.sockets(), func(c net.Conn) { echo(tls.Server(c, config)) })
}

func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}

// tlsClient is a closed loop like client, made of goroutines.
type tlsClient struct {
	conns []*tls.Conn
	size  int
}

func newTLSClient(addr string, p point) (*tlsClient, error) {
	c := &tlsClient{size: p.Size}
	for range p.Conns {
		conn, err := tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			c.close()
			return nil, err
		}
		c.conns = append(c.conns, conn)
	}
	return c, nil
}

func (c *tlsClient) close() {
	for _, conn := range c.conns {
		conn.NetConn().(*net.TCPConn).SetLinger(0)
		conn.NetConn().Close()
	}
}

func (c *tlsClient) run(ctx context.Context, d time.Duration) (load, error) {
	stop := context.AfterFunc(ctx, c.close)
	defer stop()
	l := load{latency: newHistogram()}
	cpu, start := processCPU(), time.Now()
	var wg sync.WaitGroup
	histograms, errs := make([]*hdrhistogram.Histogram, len(c.conns)), make([]error, len(c.conns))
	for i, conn := range c.conns {
		histograms[i] = newHistogram()
		wg.Go(func() { errs[i] = c.loop(conn, byte(i), start.Add(d), histograms[i]) })
	}
	wg.Wait()
	l.elapsed, l.cpu = time.Since(start), processCPU()-cpu
	for _, h := range histograms {
		l.requests += int(h.TotalCount())
		l.latency.Merge(h)
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
