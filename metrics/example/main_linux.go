// Command example prints the metrics of a group of reactors, as Prometheus would get them, with
// one connection whose reader waits.
package main

import (
	"context"
	"log"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"

	net "github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/metrics"
)

func main() {
	group := net.NewPollerGroup(net.PollerConfig{})
	defer group.Close()
	ln, err := (&net.ListenConfig{Poller: group}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	c, err := (&net.Dialer{Poller: group}).Dial("tcp", ln.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	stop := c.(*net.TCPConn).NotifyReadable(func() {})
	defer stop()

	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics.NewCollector("example", group))
	families, err := registry.Gather()
	if err != nil {
		log.Fatal(err)
	}
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(os.Stdout, family); err != nil {
			log.Fatal(err)
		}
	}
}
