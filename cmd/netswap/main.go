// Command netswap builds, tests and runs a whole program over netpoller instead of package net,
// without a change to its sources or its go.mod:
//
//	go run github.com/a57b2d82/netpoller/cmd/netswap@latest test ./...
//	netswap [-netpoller DIR] build|test|run|vet|install [flags] [packages]
//	netswap [-netpoller DIR] verify test|run [flags] [packages]
//	netswap [-netpoller DIR] lint [flags] [packages]
//
// The arguments after the command are passed to the go command. Every package that imports net gets
// netpoller under that name: those of the program, of its dependencies, and of the standard
// library, such as crypto/tls and net/http. So the types are the same everywhere, and
// http.ListenAndServe, tls.Dial and a *net.Dialer of any package use this library's sockets.
// Nothing is written into the program's folders or into the ordinary build: a build without
// netswap is as before.
//
// verify runs a program or its tests, counts the sockets that are opened, and says how many were
// netpoller's and how many package net's. It fails if there were any of package net's but those
// that its resolver opens to ask name servers, and those that netpoller has it open to find out
// how this version of package net behaves.
//
// lint is for a program that imports the library in place of net by itself. It says what stays on
// net, and what does not compile. The flags are those of go vet, and -tests, which reports tests,
// too.
//
// The library is the version of this command, or a checkout in DIR. Linux only, but for lint.
//
// # How it works
//
//	netswap -+- copies the library, its dependencies included, as package net    library.go
//	         +- compiles the copy: go list -export                               build.go
//	         +- go test -toolexec "netswap toolexec ..." ./...                   build.go
//	              for each package:  compile, with import net = the copy         toolexec.go
//	              for each program:  link, with the copy                         toolexec.go
//	         verify adds what counts to the copy and to package net              verify.go
//	         lint runs go vet with the analyzer of module lint                   lint.go
//
// The compiler finds an import by a file that the go command writes, the importcfg. The commands
// that go runs are run through netswap, which adds a line to that file. It also changes what the
// compiler says is its version, so that the build cache keeps both builds apart.
//
// The packages that netpoller itself imports, such as os and context, keep package net. None of
// them opens a socket.
//
// Where it stands: beside the root package, which it copies and never imports.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

const usage = `usage: netswap [-netpoller DIR] build|test|run|vet|install [flags] [packages]
       netswap [-netpoller DIR] verify test|run [flags] [packages]
       netswap [-netpoller DIR] lint [flags] [packages]

The flags and packages are those of the go command of the same name. The program and
everything that it imports use netpoller in place of package net. Verify says whose the
sockets are that it opens.

Lint says what stays on net, and what does not compile, if the program imports netpoller
itself; run it before the imports are edited, too. Its flags are those of go vet, -tests to
look into tests, and -fix to edit imports.

  -netpoller DIR  use the checkout of netpoller in DIR, not the version of this command
`

// commands are those of the go command that netswap knows, with lint, and those that it verifies.
var (
	commands = []string{"build", "test", "run", "vet", "install", "lint"}
	verified = []string{"test", "run"}
)

func main() {
	if len(os.Args) > 4 && os.Args[1] == toolexecCommand {
		exit(toolexec(os.Args[2], os.Args[3], os.Args[4], os.Args[5:]))
	}
	j, err := parse(os.Args[1:])
	if err == errHelp {
		fmt.Print(usage)
		return
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "netswap: %v\n%s", err, usage)
		os.Exit(2)
	}
	if j.command == "lint" {
		exit(j.lint())
	}
	exit(j.run())
}

// errHelp says that the usage is asked for.
var errHelp = errors.New("help")

// A job is what the command line asks for.
type job struct {
	dir      string // of -netpoller
	verifies bool
	command  string // of the go command
	args     []string
}

func parse(args []string) (j job, err error) {
	if len(args) > 0 {
		name, dir, given := strings.Cut(args[0], "=")
		switch is := name == "-netpoller" || name == "--netpoller"; {
		case is && given:
			j.dir, args = dir, args[1:]
		case is && len(args) > 1:
			j.dir, args = args[1], args[2:]
		}
	}
	if len(args) > 0 && args[0] == "verify" {
		j.verifies, args = true, args[1:]
	}
	switch {
	case len(args) == 0:
		return j, errors.New("no command")
	case slices.Contains([]string{"help", "-h", "-help", "--help"}, args[0]):
		return j, errHelp
	case j.verifies && !slices.Contains(verified, args[0]):
		return j, fmt.Errorf("verify takes %s, not %s", strings.Join(verified, " or "), args[0])
	case args[0] == "-netpoller":
		return j, errors.New("-netpoller needs a folder, and a command after it")
	case !slices.Contains(commands, args[0]):
		return j, fmt.Errorf("unknown command %q", args[0])
	case runtime.GOOS != "linux" && args[0] != "lint":
		return j, errors.New("on " + runtime.GOOS + " the sockets of netpoller are package net's: there is nothing to swap")
	}
	j.command, j.args = args[0], args[1:]
	return j, nil
}

// exit ends as the command that was run did.
func exit(err error) {
	var failed *exec.ExitError
	switch {
	case err == nil:
		os.Exit(0)
	case errors.As(err, &failed): // it has said why
		os.Exit(max(1, failed.ExitCode()))
	}
	fmt.Fprintln(os.Stderr, "netswap:", err)
	os.Exit(1)
}
