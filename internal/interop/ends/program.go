//go:build linux

package ends

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A Program is a server that was not written in Go, or not by us, run for the tests of
// one package. It is not run as root, which database servers refuse.
type Program struct {
	Dir  string // its files; gone when it is stopped
	Port int    // free on Loopback

	credential *syscall.Credential
	process    *os.Process
	exited     chan struct{} // closed when it is no more
}

// NewProgram makes the directory and looks for a port.
func NewProgram() (*Program, error) {
	p := &Program{}
	var err error
	if p.Port, err = FreePort(); err != nil {
		return nil, err
	}
	if p.Dir, err = os.MkdirTemp("", "interop-"); err != nil {
		return nil, err
	}
	if os.Getuid() != 0 {
		return p, nil
	}
	u, err := user.Lookup("nobody")
	if err != nil {
		return nil, err
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	p.credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return p, errors.Join(err1, err2, os.Chown(p.Dir, uid, gid))
}

// FreePort returns a port that is free on Loopback. It looks below the ports that the
// kernel hands out, so that none of those who let it choose takes this one meanwhile.
func FreePort() (int, error) {
	for {
		port := 10000 + rand.IntN(20000)
		l, err := net.Listen("tcp", fmt.Sprint(Loopback, ":", port))
		if err == nil {
			return port, l.Close()
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return 0, err
		}
	}
}

// Address is where the program shall listen.
func (p *Program) Address() string { return fmt.Sprint(Loopback, ":", p.Port) }

// File writes a file that the program, and nobody else, may read.
func (p *Program) File(name string, content []byte) (path string, err error) {
	path = filepath.Join(p.Dir, name)
	if err = os.WriteFile(path, content, 0o600); err == nil && p.credential != nil {
		err = os.Chown(path, int(p.credential.Uid), int(p.credential.Gid))
	}
	return path, err
}

// Cert makes a certificate for the program, and files of it and of its key.
func (p *Program) Cert() (cert tls.Certificate, certFile, keyFile string, err error) {
	if cert, err = MakeCert("server"); err != nil {
		return
	}
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		return
	}
	if certFile, err = p.pem("CERTIFICATE", cert.Certificate[0]); err == nil {
		keyFile, err = p.pem("PRIVATE KEY", key)
	}
	return
}

func (p *Program) pem(kind string, der []byte) (path string, err error) {
	return p.File(kind+".pem", pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// Run runs a command to its end, as the user that the program has.
func (p *Program) Run(name string, args ...string) error {
	cmd := p.command(name, args)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

func (p *Program) command(name string, args []string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = p.Dir
	cmd.Env = append(os.Environ(), "HOME="+p.Dir, "LC_ALL=C")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL, Credential: p.credential}
	return cmd
}

// Start starts the program, and waits until ready succeeds.
func (p *Program) Start(ready func(context.Context) error, name string, args ...string) error {
	log, err := os.Create(filepath.Join(p.Dir, "log"))
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := p.command(name, args)
	cmd.Stdout, cmd.Stderr = log, log
	started := make(chan error)
	p.exited = make(chan struct{})
	go func() {
		// The program shall not outlive us. The kernel watches the thread that
		// started it, which therefore must live as long.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(p.exited)
		err := cmd.Start()
		started <- err
		if err == nil {
			cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	p.process = cmd.Process
	if err := p.await(ready); err != nil {
		text, _ := os.ReadFile(log.Name())
		return fmt.Errorf("%s: %w\n%s", name, err, text)
	}
	return nil
}

func (p *Program) await(ready func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-p.exited:
			return fmt.Errorf("exited: %w", err)
		case <-ctx.Done():
			return err
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// Signal sends the program a signal, as SIGSTOP, with which it stalls.
func (p *Program) Signal(t testing.TB, signal os.Signal) {
	t.Helper()
	require.NoError(t, p.process.Signal(signal))
}

// Stop ends the program, by force if it does not obey the signal, and whatever it
// started.
func (p *Program) Stop(signal os.Signal) {
	if p.process != nil {
		p.process.Signal(signal)
		select {
		case <-p.exited:
		case <-time.After(Patience):
		}
		syscall.Kill(-p.process.Pid, syscall.SIGKILL)
		<-p.exited
	}
	os.RemoveAll(p.Dir)
}

// Find returns the path of a program that is on PATH or in one of the directories,
// which are patterns.
func Find(name string, dirs ...string) (string, error) {
	path, err := exec.LookPath(name)
	for _, dir := range dirs {
		found, _ := filepath.Glob(filepath.Join(dir, name))
		if err != nil && len(found) > 0 {
			return found[len(found)-1], nil
		}
	}
	return path, err
}

// Need fails the test if err says why there is no server. It skips the test where the
// server is not installed, except if CI is set.
func Need(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, exec.ErrNotFound) && os.Getenv("CI") == "" {
		t.Skip("not tested:", err)
	}
	require.NoError(t, err)
}
