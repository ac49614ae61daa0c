package servers

import (
	"fmt"

	"github.com/lesismal/nbio"
	"github.com/lesismal/nbio/logging"
)

// NbioEcho serves echo the way that library wants it: a handler that is called with what has been read.
func NbioEcho(Variant, Point) (Subject, error) { return startNbio(nbioAnswer) }

// NbioOneShot is NbioEcho for one request.
func NbioOneShot(Variant, Point) (Subject, error) {
	return startNbio(func(c *nbio.Conn, request []byte) {
		nbioAnswer(c, request)
		c.Close()
	})
}

// nbioAnswer hands over the library's own buffer: Write copies what the socket does not take.
func nbioAnswer(c *nbio.Conn, request []byte) {
	if _, err := c.Write(request); err != nil {
		c.Close()
	}
}

// startNbio leaves the number of loops to the library, which takes one for four processors.
func startNbio(onData func(*nbio.Conn, []byte)) (Subject, error) {
	logging.SetLevel(logging.LevelNone) // it logs to the standard output, where package process speaks
	e := nbio.NewEngine(nbio.Config{Network: "tcp", Addrs: []string{"127.0.0.1:0"}})
	e.OnData(onData)
	if err := e.Start(); err != nil {
		return Subject{}, fmt.Errorf("nbio: %w", err)
	}
	return Subject{Addr: e.Addrs[0]}, nil
}
