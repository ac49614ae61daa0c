package servers

import (
	"fmt"
	"log"

	"github.com/panjf2000/gnet/v2"
	"golang.org/x/sys/unix"
)

// GnetEcho serves echo the way that library wants it: a handler that a loop calls when there is something to read.
func GnetEcho(v Variant, _ Point) (Subject, error) { return startGnet(v, "tcp", gnet.None) }

// GnetOneShot is GnetEcho for one request.
func GnetOneShot(v Variant, _ Point) (Subject, error) { return startGnet(v, "tcp", gnet.Close) }

// GnetDatagrams is GnetEcho for datagrams, which call the same handler.
func GnetDatagrams(v Variant, _ Point) (Subject, error) { return startGnet(v, "udp", gnet.None) }

func startGnet(v Variant, network string, after gnet.Action) (Subject, error) {
	h := &gnetEcho{after: after, addr: make(chan string, 1)}
	ended := make(chan error, 1)
	go func() {
		ended <- gnet.Run(h, network+"://127.0.0.1:0", gnet.WithMulticore(v.Key == "gnet"), gnet.WithLogger(gnetLogger{}))
	}()
	select {
	case addr := <-h.addr:
		return Subject{Addr: addr}, nil
	case err := <-ended:
		return Subject{}, fmt.Errorf("gnet: %w", err)
	}
}

type gnetEcho struct {
	gnet.BuiltinEventEngine
	after gnet.Action // an answer
	addr  chan string
}

// OnBoot asks the kernel for the port, which the library does not tell.
func (h *gnetEcho) OnBoot(e gnet.Engine) gnet.Action {
	fd, err := e.Dup()
	if err != nil {
		return gnet.Shutdown
	}
	defer unix.Close(fd)
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return gnet.Shutdown
	}
	h.addr <- fmt.Sprintf("127.0.0.1:%d", sa.(*unix.SockaddrInet4).Port)
	return gnet.None
}

// OnTraffic answers with all that is there, out of the loop's own buffer.
func (h *gnetEcho) OnTraffic(c gnet.Conn) gnet.Action {
	request, err := c.Next(-1)
	if err != nil {
		return gnet.Close
	}
	if _, err := c.Write(request); err != nil {
		return gnet.Close
	}
	return h.after
}

// gnetLogger keeps what the library says away from the standard output, where package process speaks. A warning comes for
// each connection that the client resets.
type gnetLogger struct{}

func (gnetLogger) Debugf(string, ...any)             {}
func (gnetLogger) Infof(string, ...any)              {}
func (gnetLogger) Warnf(string, ...any)              {}
func (gnetLogger) Errorf(format string, args ...any) { log.Printf("gnet: "+format, args...) }
func (gnetLogger) Fatalf(format string, args ...any) { log.Fatalf("gnet: "+format, args...) }
