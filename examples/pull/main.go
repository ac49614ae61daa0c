// Pull fetches the layers of a container image from a registry that misbehaves: it falls
// silent, resets connections, cuts answers short, flips bytes, dawdles, or is away for a
// moment. One command runs both sides and tries each fault in turn:
//
//	go run ./examples/pull
//	go run ./examples/pull -fault stall -layers 8 -size 4194304 -read 2s
//
// Every Read of the client has a time limit of its own (netpoller.WithTimeout), so that a
// silent server is noticed and a slow one is not mistaken for it. The part that was
// received before a connection died is kept and the rest asked for with Range. Nothing counts until its
// SHA-256 is the one in the manifest; if one is not in the end, the exit status is 1.
//
// The registry is in registry.go and faults.go, the client in client.go, download.go and
// retry.go, what they show in progress.go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

// options are what the flags say.
type options struct {
	layers int
	size   int
	read   time.Duration
	fault  string
}

func main() {
	var o options
	flag.IntVar(&o.layers, "layers", 4, "layers of the image")
	flag.IntVar(&o.size, "size", 1<<20, "bytes of each layer")
	flag.DurationVar(&o.read, "read", 500*time.Millisecond, "how long a Read or Write may take")
	flag.StringVar(&o.fault, "fault", "", "one of "+scenarioNames()+" (without: each but the last)")
	flag.Parse()
	log.SetFlags(0)

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		log.Fatal("pull: ", err)
	}
}

// run pulls the image once for every fault that is asked for.
func run(ctx context.Context, o options, out io.Writer) error {
	if o.layers < 1 || o.size < 1 || o.read <= 0 {
		return errors.New("there must be layers, bytes in them, and time to read them")
	}
	chosen, err := choose(o.fault)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "pull")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	reg, err := newRegistry(o.layers, o.size, o.read)
	if err != nil {
		return err
	}
	defer reg.close()
	fmt.Fprintf(out, "registry at %s: %d layers of %s; the client waits %v for each Read\n\n",
		reg.url, o.layers, inBytes(int64(o.size)), o.read)

	var failed []error
	var tallies []tally
	board := newBoard(out)
	for _, s := range chosen {
		fmt.Fprintf(out, "%s: %s\n", s.name, s.means)
		reg.suffer(s)
		c := newClient(reg.url, filepath.Join(dir, s.name), o.read)
		t, err := c.pull(ctx, board)
		t.fault = s.name
		tallies = append(tallies, t)
		fmt.Fprintln(out)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", s.name, err))
		}
	}
	summarize(out, tallies)
	return errors.Join(failed...)
}
