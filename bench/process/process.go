//go:build linux

package process

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
	"runtime/metrics"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/bench/counting"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// serverEnv, in the environment, makes this program a server, or another subject: it has the JSON of the cell that says
// what to do. A server speaks JSON: a Hello first, then an answer to each command. When its standard input ends it ends too,
// so that none outlives the benchmark; Pdeathsig covers a server that is too busy to notice.
const serverEnv = "NETPOLLER_BENCH_SERVER"

// Hello is the first message of a server.
type Hello struct {
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

// Snapshot is what a server has used so far.
type Snapshot struct {
	User, System time.Duration
	Switches     int64
	Mallocs      uint64
	Resident     int64   // bytes
	LockWait     float64 // seconds that all goroutines together have waited for mutexes, the runtime's own among them; about
}

// Main is the main function of a server process; start begins the work that its cell names. In any other process Main
// does nothing and reports false.
func Main(start func(servers.Cell) (servers.Subject, error)) bool {
	job := os.Getenv(serverEnv)
	if job == "" {
		return false
	}
	if err := serve(job, os.Stdin, os.Stdout, start); err != nil {
		fmt.Fprintf(os.Stderr, "server %s: %v\n", job, err)
		os.Exit(1)
	}
	return true
}

func serve(job string, in io.Reader, out io.Writer, start func(servers.Cell) (servers.Subject, error)) error {
	var at servers.Cell
	if err := json.Unmarshal([]byte(job), &at); err != nil {
		return err
	}
	subject, err := start(at)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(out)
	if err := enc.Encode(Hello{Addr: subject.Addr, MaxProcs: runtime.GOMAXPROCS(0)}); err != nil {
		return err
	}
	for dec := json.NewDecoder(in); ; {
		var cmd command
		if err := dec.Decode(&cmd); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := enc.Encode(answer(subject, cmd)); err != nil {
			return err
		}
	}
}

// answer does what a command asks for.
func answer(subject servers.Subject, cmd command) any {
	if cmd.Trim {
		debug.FreeOSMemory()
	}
	if cmd.Work == 0 {
		return takeSnapshot()
	}
	start := time.Now()
	n, err := subject.Work(cmd.Work, cmd.Peer)
	w := worked{Count: n, Elapsed: time.Since(start)}
	if err != nil {
		w.Error = err.Error()
	}
	return w
}

func takeSnapshot() Snapshot {
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	user, system, switches := counting.Usage()
	return Snapshot{User: user, System: system, Switches: switches, Mallocs: mem.Mallocs, Resident: counting.Resident(),
		LockWait: lockWait()}
}

func lockWait() float64 {
	wait := []metrics.Sample{{Name: "/sync/mutex/wait/total:seconds"}}
	metrics.Read(wait)
	return wait[0].Value.Float64()
}

// Server is a server process as its parent sees it.
type Server struct {
	Hello   Hello
	cmd     *exec.Cmd
	control io.WriteCloser
	replies *json.Decoder
	wait    func() error
}

// Start starts a server of its own for one run, under count if that is not nil. The server dies when ctx ends.
func Start(ctx context.Context, at servers.Cell, count counting.Counter) (*Server, error) {
	s, err := newServer(ctx, at)
	if err != nil {
		return nil, err
	}
	start := s.cmd.Start
	if count != nil {
		start = func() error { return count.Start(s.cmd) }
		s.wait = func() error { return count.Wait(s.cmd) }
	}
	if err := start(); err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	if err := s.replies.Decode(&s.Hello); err != nil {
		s.Stop()
		return nil, fmt.Errorf("the server did not start: %w", err)
	}
	return s, nil
}

// newServer is a server that has not been started.
func newServer(ctx context.Context, at servers.Cell) (*Server, error) {
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
	if at.Procs > 0 {
		cmd.Env = append(cmd.Env, fmt.Sprintf("GOMAXPROCS=%d", at.Procs))
	}
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
	return &Server{cmd: cmd, control: control, replies: json.NewDecoder(out), wait: cmd.Wait}, nil
}

// Snapshot asks the server what it has used.
func (s *Server) Snapshot() (snap Snapshot, err error) {
	err = s.ask(command{}, &snap)
	return snap, err
}

// TrimmedSnapshot makes the server give back the memory that it does not use, and then is Snapshot.
func (s *Server) TrimmedSnapshot() (snap Snapshot, err error) {
	err = s.ask(command{Trim: true}, &snap)
	return snap, err
}

// Work lets a subject work that needs no load from here; it returns what the subject counted and how long that took.
func (s *Server) Work(d time.Duration, peer string) (count int, elapsed time.Duration, err error) {
	var w worked
	if err := s.ask(command{Work: d, Peer: peer}, &w); err != nil {
		return 0, 0, err
	}
	if w.Error != "" {
		err = errors.New(w.Error)
	}
	return w.Count, w.Elapsed, err
}

func (s *Server) ask(cmd command, answer any) error {
	if err := json.NewEncoder(s.control).Encode(cmd); err != nil {
		return fmt.Errorf("asking the server: %w", err)
	}
	if err := s.replies.Decode(answer); err != nil {
		return fmt.Errorf("the server did not answer: %w", err)
	}
	return nil
}

// Stop ends the server, by force if it does not leave by itself, and waits for that.
func (s *Server) Stop() {
	s.control.Close()
	force := time.AfterFunc(2*time.Second, func() { s.cmd.Process.Kill() })
	defer force.Stop()
	s.wait() // how it ended does not matter any more
}
