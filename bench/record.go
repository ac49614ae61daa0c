//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/a57b2d82/netpoller/bench/machine"
	"github.com/a57b2d82/netpoller/bench/pages"
	"github.com/a57b2d82/netpoller/bench/report"
)

// recording is a file of results, and how it is made.
type recording struct {
	name  string
	flags string
	procs string // GOMAXPROCS of the servers, if not the default
}

// recordings are what the tables of the pages are made from. Together they take less than 25 minutes on two processors. One
// connection has many rounds, since its rounds differ most.
var recordings = []recording{
	{"overview", "-rounds 15 -duration 400ms", ""},
	{"one-connection", "-conns 1 -variants net,nested,raw -rounds 41 -duration 300ms -syscalls off", ""},
	{"gomaxprocs-1", "-variants net,nested,thread -rounds 15 -duration 300ms", "1"},
	{"gomaxprocs-4", "-variants net,nested,thread -rounds 11 -duration 300ms -syscalls off", "4"},
	{"open", "-scenario open -variants net,nested -rounds 15 -duration 1s -syscalls off", ""},
	{"others", "-scenario deadline,wake,burn,neighbor,http,udp,sendfile -variants net,nested -rounds 15 -duration 300ms " +
		"-syscalls off", ""},
	{"short", "-scenario oneshot,oneshot-http,oneshot-https -variants net,nested -rounds 15 -duration 300ms -syscalls off", ""},
	{"peers", "-scenario echo -conns 64,1000 -size 64 -rounds 11 -duration 300ms -syscalls off", ""},
	{"accept-dial", "-scenario accept,dial -variants net,nested -rounds 21 -duration 300ms -syscalls off", ""},
	{"setdeadline", "-scenario setdeadline -variants net,nested -rounds 11 -duration 250ms -syscalls off", ""},
}

// record makes the recordings that the folder does not have of this commit, so that it goes on where it was interrupted.
func record(ctx context.Context, o options) error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	commit := machine.This().Commit
	for i, r := range recordings {
		file := filepath.Join(o.record, r.name+".json")
		fmt.Printf("%d of %d: %s", i+1, len(recordings), file)
		if r.isIn(file, commit) {
			fmt.Println(" is there already")
			continue
		}
		fmt.Println()
		args := append(strings.Fields(r.flags), "-json", file)
		if o.Force {
			args = append(args, "-force")
		}
		cmd := exec.CommandContext(ctx, exe, args...)
		if r.procs != "" {
			cmd.Env = append(os.Environ(), "GOMAXPROCS="+r.procs)
		}
		cmd.Stderr = os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
	}
	return nil
}

// isIn reports whether a file has the recording, made of this commit.
func (r recording) isIn(file, commit string) bool {
	has, err := report.Load(file)
	if err != nil || has.Machine.Commit != commit || strings.Contains(commit, "dirty") {
		return false
	}
	wants, err := r.options()
	wants.Settings.Force = has.Settings.Force
	return err == nil && reflect.DeepEqual(wants.Settings, has.Settings)
}

func (r recording) options() (options, error) { return parseFlags(strings.Fields(r.flags), io.Discard) }

// writeTables brings the tables of the pages in step with the recordings, from the folder of this program's source.
func writeTables() error {
	all, err := pages.Pages("..", "results")
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("-tables runs in the folder bench of the repository: %w", err)
	}
	if err != nil {
		return err
	}
	for _, p := range all {
		if p.Has == p.Wants {
			continue
		}
		if err := os.WriteFile(p.Name, []byte(p.Wants), 0o666); err != nil {
			return err
		}
		fmt.Println("wrote", p.Name)
	}
	return nil
}
