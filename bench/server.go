//go:build linux

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// A server is this program again, told by serverEnv which variant to serve. It speaks JSON on its standard output: a
// hello first, then a snapshot for each byte it reads. When its standard input ends it ends too, so that none outlives
// the benchmark; Pdeathsig covers a server that is too busy to notice.
const serverEnv = "NETPOLLER_BENCH_SERVER"

// hello is the first message of a server.
type hello struct {
	Addr     string
	MaxProcs int
}

// snapshot is what a server has used so far.
type snapshot struct {
	User, System time.Duration
	Switches     int64
	Mallocs      uint64
}

// runServer is the main function of a server process.
func runServer(key string) {
	if err := serve(key, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "server %s: %v\n", key, err)
		os.Exit(1)
	}
}

func serve(key string, in io.Reader, out io.Writer) error {
	v, ok := variantByKey(key)
	if !ok {
		return fmt.Errorf("unknown variant")
	}
	addr, err := v.start()
	if err != nil {
		return err
	}
	enc := json.NewEncoder(out)
	if err := enc.Encode(hello{Addr: addr, MaxProcs: runtime.GOMAXPROCS(0)}); err != nil {
		return err
	}
	for ask := bufio.NewReader(in); ; {
		if _, err := ask.ReadByte(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := enc.Encode(takeSnapshot()); err != nil {
			return err
		}
	}
}

func takeSnapshot() snapshot {
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	user, system, switches := usage()
	return snapshot{User: user, System: system, Switches: switches, Mallocs: mem.Mallocs}
}

// server is a server process as its parent sees it.
type server struct {
	hello   hello
	cmd     *exec.Cmd
	control io.WriteCloser
	replies *json.Decoder
	wait    func() error
}

// startServer starts a server of its own for one run, under count if that is not nil. The server dies when ctx ends.
func startServer(ctx context.Context, key string, count counter) (*server, error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), serverEnv+"="+key)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	control, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	s := &server{cmd: cmd, control: control, replies: json.NewDecoder(out), wait: cmd.Wait}
	start := cmd.Start
	if count != nil {
		start = func() error { return count.start(cmd) }
		s.wait = func() error { return count.wait(cmd) }
	}
	if err := start(); err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	if err := s.replies.Decode(&s.hello); err != nil {
		s.stop()
		return nil, fmt.Errorf("the server did not start: %w", err)
	}
	return s, nil
}

// snapshot asks the server what it has used.
func (s *server) snapshot() (snapshot, error) {
	var snap snapshot
	if _, err := s.control.Write([]byte{'\n'}); err != nil {
		return snap, fmt.Errorf("asking the server: %w", err)
	}
	if err := s.replies.Decode(&snap); err != nil {
		return snap, fmt.Errorf("the server did not answer: %w", err)
	}
	return snap, nil
}

// stop ends the server, by force if it does not leave by itself, and waits for that.
func (s *server) stop() {
	s.control.Close()
	force := time.AfterFunc(2*time.Second, func() { s.cmd.Process.Kill() })
	defer force.Stop()
	s.wait() // how it ended does not matter any more
}
