//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

// A server, or another subject, is this program again, told by serverEnv (JSON of its cell) what to do. It speaks JSON: a
// hello first, then an answer to each command. When its standard input ends it ends too, so that none outlives the
// benchmark; Pdeathsig covers a server that is too busy to notice.
const serverEnv = "NETPOLLER_BENCH_SERVER"

// hello is the first message of a server.
type hello struct {
	Addr     string
	MaxProcs int
}

// A command asks a subject to work, or if Work is zero, for a snapshot.
type command struct {
	Work time.Duration
	Peer string
	Trim bool // give unused memory back first
}

// worked is the answer to Work.
type worked struct {
	Count   int
	Elapsed time.Duration
	Error   string
}

// snapshot is what a server has used so far.
type snapshot struct {
	User, System time.Duration
	Switches     int64
	Mallocs      uint64
	Resident     int64 // bytes
}

// runServer is the main function of a server process.
func runServer(key string) {
	if err := serve(key, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "server %s: %v\n", key, err)
		os.Exit(1)
	}
}

func serve(job string, in io.Reader, out io.Writer) error {
	var at cell
	if err := json.Unmarshal([]byte(job), &at); err != nil {
		return err
	}
	sc, known := scenarioByKey(at.Scenario)
	v, ok := variantByKey(at.Variant)
	if !known || !ok || sc.starter(v) == nil {
		return fmt.Errorf("there is no %s with %s", at.Scenario, at.Variant)
	}
	subject, err := sc.starter(v)(v, at.point)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(out)
	if err := enc.Encode(hello{Addr: subject.addr, MaxProcs: runtime.GOMAXPROCS(0)}); err != nil {
		return err
	}
	for dec := json.NewDecoder(in); ; {
		var cmd command
		if err := dec.Decode(&cmd); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if cmd.Trim {
			debug.FreeOSMemory()
		}
		var answer any = takeSnapshot()
		if cmd.Work > 0 {
			answer = subject.do(cmd)
		}
		if err := enc.Encode(answer); err != nil {
			return err
		}
	}
}

func (s subject) do(cmd command) worked {
	start := time.Now()
	n, err := s.work(cmd.Work, cmd.Peer)
	w := worked{Count: n, Elapsed: time.Since(start)}
	if err != nil {
		w.Error = err.Error()
	}
	return w
}

func takeSnapshot() snapshot {
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	user, system, switches := usage()
	return snapshot{User: user, System: system, Switches: switches, Mallocs: mem.Mallocs, Resident: resident()}
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
func startServer(ctx context.Context, at cell, count counter) (*server, error) {
	job, err := json.Marshal(at)
	if err != nil {
		return nil, err
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, exe)
	cmd.Env = append(os.Environ(), serverEnv+"="+string(job))
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
func (s *server) snapshot() (snap snapshot, err error) {
	err = s.ask(command{}, &snap)
	return snap, err
}

// work lets a subject work that needs no load from here.
func (s *server) work(d time.Duration, peer string) (w worked, err error) {
	if err := s.ask(command{Work: d, Peer: peer}, &w); err != nil {
		return w, err
	}
	if w.Error != "" {
		return w, errors.New(w.Error)
	}
	return w, nil
}

func (s *server) ask(cmd command, answer any) error {
	if err := json.NewEncoder(s.control).Encode(cmd); err != nil {
		return fmt.Errorf("asking the server: %w", err)
	}
	if err := s.replies.Decode(answer); err != nil {
		return fmt.Errorf("the server did not answer: %w", err)
	}
	return nil
}

// stop ends the server, by force if it does not leave by itself, and waits for that.
func (s *server) stop() {
	s.control.Close()
	force := time.AfterFunc(2*time.Second, func() { s.cmd.Process.Kill() })
	defer force.Stop()
	s.wait() // how it ended does not matter any more
}
