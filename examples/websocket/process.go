package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/rpc"
	"os"
	"os/exec"
	"time"
)

// A process is a child of this program. It serves the methods of a value, by net/rpc on its
// standard input and output, and ends when its input does: when the parent ends, too.
type process struct {
	cmd    *exec.Cmd
	client *rpc.Client
}

// longCall is how long a method of a child may take.
const longCall = 2 * time.Minute

// A pipe is two files as one.
type pipe struct {
	io.Reader
	io.WriteCloser
}

// begin starts this program as a child that does what args say.
func begin(args ...string) (*process, error) {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &process{cmd, rpc.NewClient(pipe{out, in})}, nil
}

// call calls a method of the child.
func (p *process) call(method string, args, reply any) error {
	select {
	case call := <-p.client.Go("Child."+method, args, reply, nil).Done:
		if call.Error != nil {
			return fmt.Errorf("%s: %w", method, call.Error)
		}
		return nil
	case <-time.After(longCall):
		return fmt.Errorf("%s: no answer in %v", method, longCall)
	}
}

// end ends the child, and waits for it.
func (p *process) end() error {
	p.client.Close()
	stubborn := time.AfterFunc(patience, func() { p.cmd.Process.Kill() })
	defer stubborn.Stop()
	return p.cmd.Wait()
}

// beChild serves the methods of receiver until the parent is gone.
func beChild(receiver any) error {
	r := rpc.NewServer()
	if err := r.RegisterName("Child", receiver); err != nil {
		return err
	}
	r.ServeConn(pipe{os.Stdin, os.Stdout})
	return nil
}

// A Serving is a server in a process of its own. The parent calls its methods.
type Serving struct{ server *server }

// A What names a server, and says whether it is over TLS.
type What struct {
	Kind string
	TLS  bool
}

// Start starts the server.
func (s *Serving) Start(what What, target *Target) error {
	k, err := kindNamed(what.Kind)
	if err != nil {
		return err
	}
	var certificate *tls.Certificate
	if what.TLS {
		if certificate, err = newCertificate(); err != nil {
			return err
		}
		target.Certificate = certificate.Certificate[0]
	}
	if s.server, err = k.start(certificate); err != nil {
		return err
	}
	target.Address = s.server.address
	return nil
}

// Measure returns what the server uses.
func (s *Serving) Measure(_ struct{}, u *Use) (err error) {
	*u, err = measure()
	return err
}

// Online returns how many connections the server has.
func (s *Serving) Online(_ struct{}, n *int) error {
	if s.server == nil {
		return errors.New("not started")
	}
	*n = s.server.online()
	return nil
}

// ProcessorTime returns what the server has used of the processors.
func (s *Serving) ProcessorTime(_ struct{}, d *time.Duration) (err error) {
	*d, err = processorTime()
	return err
}

// newCertificate returns a certificate for 127.0.0.1 that is its own authority.
func newCertificate() (*tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
