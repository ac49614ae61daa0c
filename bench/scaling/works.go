//go:build linux

package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/a57b2d82/netpoller/bench/client"
	"github.com/a57b2d82/netpoller/bench/process"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// A work is something that a program does all the time, and that should scale.
type work struct {
	key, unit string
	op        string // for servers.SetDeadlines
	conns     int    // for each processor
	start     servers.Starter
	// load is nil where the subject needs none: it works by itself, in a goroutine for each processor.
	load func(srv *process.Server, p servers.Point) (client.Loader, error)
}

var works = []work{
	{key: "register", unit: "socket", conns: 1, start: servers.Register},
	{key: "accept", unit: "connection", conns: 16, start: manyListeners(servers.AcceptAndClose), load: client.Churn},
	{key: "echo", unit: "request", conns: 64, start: servers.Echo, load: client.Echo},
	{key: "extend", unit: "call", op: "extend", conns: 1, start: servers.SetDeadlines},
	{key: "shorten", unit: "call", op: "shorten", conns: 1, start: servers.SetDeadlines},
	{key: profiled, unit: "request", conns: 64, start: profileReactors, load: client.Echo},
}

func workByKey(key string) (work, bool) {
	for _, w := range works {
		if w.key == key {
			return w, true
		}
	}
	return work{}, false
}

// start begins a cell's work in this process.
func start(at servers.Cell) (servers.Subject, error) {
	w, known := workByKey(at.Scenario)
	if !known {
		return servers.Subject{}, fmt.Errorf("there is no %s", at.Scenario)
	}
	v, _ := servers.VariantByKey(servers.Baseline)
	if at.Reactors > 0 {
		v = servers.NetpollerWith(at.Reactors)
	}
	return w.start(v, at.Point)
}

// manyListeners starts a server for each processor: one listener has one goroutine that accepts, with any package.
func manyListeners(start servers.Starter) servers.Starter {
	return func(v servers.Variant, p servers.Point) (servers.Subject, error) {
		var addrs []string
		for range p.Procs {
			s, err := start(v, p)
			if err != nil {
				return servers.Subject{}, err
			}
			addrs = append(addrs, s.Addr)
		}
		return servers.Subject{Addr: strings.Join(addrs, ",")}, nil
	}
}

// addrOf is where the i-th client finds a subject that may listen at several addresses.
func addrOf(srv *process.Server, i int) *process.Server {
	addrs := strings.Split(srv.Hello.Addr, ",")
	return &process.Server{Hello: process.Hello{Addr: addrs[i%len(addrs)]}}
}

// warmUp is how long a subject works before it is measured.
const warmUp = 50 * time.Millisecond
