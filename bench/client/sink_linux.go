package client

import (
	"context"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/bench/counting"
	"github.com/a57b2d82/netpoller/bench/process"
	"github.com/a57b2d82/netpoller/bench/sys"
)

// selfLoad is for a subject that loads itself.
type selfLoad struct {
	srv  *process.Server
	peer string
}

func (selfLoad) Close() {}

func (s selfLoad) Run(ctx context.Context, d time.Duration) (Load, error) {
	if err := ctx.Err(); err != nil {
		return Load{}, err
	}
	cpu := counting.ProcessCPU()
	n, elapsed, err := s.srv.Work(d, s.peer)
	return Load{Requests: n, Elapsed: elapsed, CPU: counting.ProcessCPU() - cpu}, err
}

// sink accepts connections on a thread of its own.
type sink struct {
	selfLoad
	ln    int
	ended chan struct{}
}

func newSink(srv *process.Server) (*sink, error) {
	ln, port, err := sys.Listen()
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(ln, false); err != nil {
		return nil, err
	}
	s := &sink{selfLoad{srv, fmt.Sprintf("127.0.0.1:%d", port)}, ln, make(chan struct{})}
	go s.accept()
	return s, nil
}

// accept keeps the last connections for a while: one that it closed at once could be dead before Dial has looked at it.
func (s *sink) accept() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(s.ended)
	var last [1024]int
	for i := range last {
		last[i] = -1
	}
	defer func() {
		for _, fd := range last {
			unix.Close(fd)
		}
	}()
	for i := 0; ; i = (i + 1) % len(last) {
		fd, _, err := unix.Accept4(s.ln, unix.SOCK_CLOEXEC)
		if err == unix.EINTR || err == unix.ECONNABORTED {
			continue
		}
		if err != nil {
			return // shut down
		}
		unix.Close(last[i])
		last[i] = fd
	}
}

func (s *sink) Close() {
	unix.Shutdown(s.ln, unix.SHUT_RDWR)
	<-s.ended
	unix.Close(s.ln)
}
