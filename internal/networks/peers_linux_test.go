package networks

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
)

// peers are what the process at the other end does.
var peers = []scenario{
	{"stopped", "the peer's process is stopped by SIGSTOP, and goes on", func(l *lab) {
		peer := l.peer("echo")
		c, _ := l.dial("dial", on(far, port), 0)
		l.write("write", c)
		l.read("read", c)
		peer.signal(unix.SIGSTOP)
		expire(c)
		n := l.fill("write much when it is stopped", c)
		l.read("read", c)
		second, _ := l.dial("dial again", on(far, port), 0)
		l.write("write", second)
		expire(second)
		l.read("read", second)
		peer.signal(unix.SIGCONT)
		must(c.SetDeadline(time.Time{}))
		must(second.SetDeadline(time.Time{}))
		l.whenever("read when it goes on", readAll(second, 5))
		l.whenever("read what was written", func() (any, error) {
			got := make([]byte, n)
			_, err := io.ReadFull(c, got)
			return map[bool]string{true: "all of it", false: "something else"}[bytes.Equal(got, make([]byte, n))], err
		})
		l.write("write", c)
		l.whenever("read", readAll(c, 5))
	}},
	{"killed", "the peer's process is killed by SIGKILL while a Read waits", func(l *lab) {
		peer := l.peer("echo")
		c, _ := l.dial("dial", on(far, port), 0)
		l.write("write", c)
		l.read("read", c)
		l.later(func() { peer.signal(unix.SIGKILL) })
		l.read("read", c)
		gone := l.next(isReset)
		l.write("write", c)
		<-gone
		l.write("write again", c)
		<-peer.gone
		l.dial("dial again", on(far, port), 0)
	}},
	{"killed with data", "it is killed with data that it has not read, while a Read waits", func(l *lab) {
		peer := l.peer("mute")
		c, _ := l.dial("dial", on(far, port), 0)
		greeted(c)
		there := l.next(isHello)
		l.write("write", c)
		<-there
		l.later(func() { peer.signal(unix.SIGKILL) })
		l.read("read", c)
		l.read("read again", c)
		l.write("write again", c)
	}},
	{"killed while written to", "it is killed while a Write waits", func(l *lab) {
		peer := l.peer("mute")
		c, _ := l.dial("dial", on(far, port), 0)
		greeted(c)
		l.whenFull(func() { peer.signal(unix.SIGKILL) })
		l.fill("write", c)
		l.write("write again", c)
		l.read("read", c)
	}},
	{"killed with many", "it is killed with a hundred connections, of which half have sent it what it has not read", func(l *lab) {
		peer := l.peer("mute")
		const many = 100
		ends := make(chan error, many)
		for i := range many {
			c, err := l.dialer(0).DialContext(ctx, "tcp", on(far, port))
			must(err)
			l.keep(greeted(c))
			if i%2 == 0 {
				there := l.next(isHello)
				_, err := c.Write([]byte("hello"))
				must(err)
				<-there
			}
			go func() { _, err := c.Read(make([]byte, 1)); ends <- err }()
		}
		l.later(func() { peer.signal(unix.SIGKILL) })
		l.step("reads", func() (any, error) {
			outcomes := make(counts)
			for range many {
				outcomes[nettest.Innermost(<-ends).Error()]++
			}
			return outcomes, nil
		})
	}},
	{"killed, Unix", "a peer of a Unix socket is killed, without and with data that it has not read", func(l *lab) {
		for _, data := range []string{"", "hello"} {
			peer := l.peer("unix")
			c, err := l.dialer(0).DialContext(ctx, "unix", unixName)
			must(err)
			l.keep(greeted(c))
			_, err = io.WriteString(c, data)
			must(err)
			l.later(func() { peer.signal(unix.SIGKILL) })
			l.read(fmt.Sprintf("read after writing %q", data), c)
			l.read("read again", c)
			l.write("write", c)
			<-peer.gone
			l.step("dial", func() (any, error) { _, err := l.dialer(0).DialContext(ctx, "unix", unixName); return nil, err })
		}
	}},
	{"killed, UDP", "a peer of a UDP socket is killed", func(l *lab) {
		peer := l.peer("udp")
		c, err := l.dialer(0).DialContext(ctx, "udp", on(far, port))
		must(err)
		l.keep(c)
		l.write("write", c)
		l.read("read", c)
		peer.signal(unix.SIGKILL)
		<-peer.gone
		told := l.next(isICMP)
		l.write("write", c)
		<-told
		l.read("read", c)
		l.write("write", c)
	}},
	{"zero window", "the peer reads nothing for longer than the kernel retries", func(l *lab) {
		dialed, accepted := l.pair()
		hurry()
		must(dialed.SetWriteDeadline(time.Now().Add(3 * patience)))
		n := l.fill("write", dialed)
		l.write("write again", dialed)
		must(dialed.SetWriteDeadline(time.Time{}))
		written := make(chan error, 1)
		go func() { _, err := dialed.Write([]byte("hello")); dialed.Close(); written <- err }()
		l.whenever("the peer reads", func() (any, error) {
			got, err := io.ReadAll(accepted)
			want := append(make([]byte, n), "hello"...)
			return map[bool]string{true: "all that was written", false: "something else"}[bytes.Equal(got, want)], err
		})
		l.whenever("write when it has read", func() (any, error) { return nil, <-written })
	}},
	{"zero window, cut", "the peer reads nothing and packets are lost; the kernel gives up", func(l *lab) {
		dialed, _ := l.pair()
		hurry()
		l.whenFull(func() { l.set(cut) })
		l.fill("write", dialed)
		l.write("write again", dialed)
		l.read("read", dialed)
	}},
	{"half open", "the peer has forgotten the connection, and nobody heard of it", func(l *lab) {
		for _, call := range []string{"read", "write"} {
			l.set(sound)
			dialed, accepted := l.pair()
			l.set(cut)
			lost := l.next(isReset)
			must(accepted.SetLinger(0))
			l.close("the peer closes with SetLinger(0)", accepted)
			<-lost
			l.set(sound)
			expire(dialed)
			l.read("read", dialed)
			must(dialed.SetDeadline(time.Time{}))
			answered := l.next(isReset)
			l.write("write", dialed)
			<-answered
			if call == "read" {
				l.read("read", dialed)
			} else {
				l.write("write again", dialed)
			}
			l.close("close", dialed)
		}
	}},
	{"half closed", "the peer closes its half, and reads on", func(l *lab) {
		dialed, accepted := l.pair()
		l.step("the peer's CloseWrite", func() (any, error) { return nil, accepted.CloseWrite() })
		l.read("read", dialed)
		l.write("write", dialed)
		l.whenever("the peer reads", readAll(accepted, 5))
		l.step("the peer's CloseRead", func() (any, error) { return nil, accepted.CloseRead() })
		l.write("write", dialed)
		l.close("close", dialed)
	}},
}

// A process is a peer in a process of its own.
type process struct {
	cmd  *exec.Cmd
	gone chan struct{} // closed when it has ended
}

// peer starts a process that serves near.
func (l *lab) peer(how string) process {
	cmd := exec.Command("/proc/self/exe", nettest.ChildArgs("peer", how)...)
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	must(err)
	must(cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	must(err)
	if line != "ready\n" {
		panic(line)
	}
	p := process{cmd, make(chan struct{})}
	go func() { cmd.Wait(); close(p.gone) }()
	return p
}

// unixName is a Unix socket without a file, which belongs to the network.
const unixName = "@peer"

// serve is the program of a peer: it serves until it is killed.
func serve(args []string) {
	var ln net.Listener
	var err error
	switch args[0] {
	case "udp":
		serveUDP()
	case "unix":
		ln, err = net.Listen("unix", unixName)
	default:
		ln, err = net.Listen("tcp", on(near, port))
	}
	must(err)
	fmt.Println("ready")
	for kept := []net.Conn(nil); ; {
		c, err := ln.Accept()
		must(err)
		//lint:ignore SA4010 what is not kept would be closed as garbage
		kept = append(kept, c) // where it is not read from
		if args[0] == "echo" {
			go func() { io.Copy(c, c); c.Close() }()
		} else {
			c.Write([]byte(greeting))
		}
	}
}

// greeting is what a peer that reads nothing says when it has accepted.
const greeting = "+"

// greeted waits until the peer has accepted.
func greeted(c net.Conn) net.Conn {
	_, err := io.ReadFull(c, make([]byte, len(greeting)))
	must(err)
	return c
}

// serveUDP sends back every packet.
func serveUDP() {
	c, err := net.ListenPacket("udp", on(near, port))
	must(err)
	fmt.Println("ready")
	for buf := make([]byte, 1500); ; {
		n, from, err := c.ReadFrom(buf)
		must(err)
		_, err = c.WriteTo(buf[:n], from)
		must(err)
	}
}

// signal signals the peer, and waits until one that is to stop has stopped.
func (p process) signal(s syscall.Signal) {
	must(p.cmd.Process.Signal(s))
	for s == unix.SIGSTOP {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
		must(err)
		_, state, _ := strings.Cut(string(stat), ") ")
		if state[0] == 'T' {
			return
		}
		time.Sleep(time.Millisecond)
	}
}
