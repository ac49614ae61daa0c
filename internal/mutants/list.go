package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Mutant is a mistake that can be planted.
type Mutant struct {
	Name string
	File string // slash-separated, from the root of the module

	// Old occurs once in the file, and New takes its place. Where both have lines of three
	// dots, that is so of each piece between them.
	Old, New string

	// Breaks is the note, fact, row or promise that the mistake ignores.
	Breaks string

	// Tests are words for go test, one string for each run. One of them must fail. A search,
	// which rewrites the source itself, is told of the mistake by the file {patches}.
	Tests []string

	// Core says that the tests take seconds, and that every run of CI makes them.
	Core bool

	// Equivalent, if not empty, is why no test can tell the mutant from the source. It
	// is expected to survive.
	Equivalent string
}

// search is how the schedule is found that shows a mistake.
const search = "./polldesc -run TestSearch -short -args -patches={patches}"

// searchPoller, searchFD and searchMutex are search, down to a simulated kernel.
const (
	searchPoller = "./poller -run TestSearch -short -args -patches={patches}"
	searchFD     = "./fd -run TestSearch -short -args -patches={patches}"
	searchMutex  = "./fd -run TestSearch -short -args -only=mutex -patches={patches}"
)

// timerSearch is search, for what only the scenarios of package timer show.
const timerSearch = "./timer -run TestSearch -short -args -patches={patches}"

// all returns every mutant, package by package.
func all() []Mutant {
	return slices.Concat(
		timerHeap, timerPlaces,
		polldescCache, polldescDeadline, polldescInfo, polldescPolldesc, polldescSeat, polldescState, polldescSubscribe, polldescToken,
		pollerBubble, pollerGroup, pollerLife, pollerLoop, pollerPoller, pollerSeat, pollerStats, pollerWait,
		fdBatch, fdBulk, fdConnect, fdContext, fdFd, fdFdmutex, fdMsg, fdNotify,
		fdRaw, fdRw, fdWait,
		connAsknet, connBatch, connBulk, connConn, connFamily, connFile, connIp, connNetfd,
		connPacket, connRaw, connSocket, connTcp, connTimeout, connTimeoutDeadline, connUdp, connUnix,
		connZone,
		listenerFile, listenerListenconfig, listenerPacket, listenerSocket, listenerTcp, listenerUnix,
		dialerDialer, dialerPacket, dialerRace, dialerSingle, dialerTcp, dialerTrace,
		sysBatch, sysBulk, sysEpoll, sysMsg, sysPoll, sysRecvsend, sysRw, sysSocket,
	)
}

// Package returns the directory of the mutant's file.
func (m *Mutant) Package() string {
	dir, _, _ := cutLast(m.File, "/")
	return dir
}

func cutLast(s, sep string) (before, after string, found bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+len(sep):], true
}

// dots separates the pieces of an old text, and of the new one.
const dots = "\n...\n"

// A patch is one piece, in the form that a search takes.
type patch struct{ File, Old, New string }

func (m *Mutant) patches() ([]patch, error) {
	from, to := strings.Split(m.Old, dots), strings.Split(m.New, dots)
	if len(from) != len(to) {
		return nil, fmt.Errorf("%s: %s: %d old pieces and %d new ones", m.File, m.Name, len(from), len(to))
	}
	list := make([]patch, len(from))
	for i := range list {
		list[i] = patch{m.File, from[i], to[i]}
	}
	return list, nil
}

// patched returns the text of the mutant's file with the mistake in it.
func (m *Mutant) patched(root string) (string, error) {
	source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(m.File)))
	if err != nil {
		return "", err
	}
	list, err := m.patches()
	if err != nil {
		return "", err
	}
	text := string(source)
	for _, p := range list {
		if n := strings.Count(text, p.Old); n != 1 {
			return "", fmt.Errorf("%s: %s: the old text occurs %d times, not once: %q", m.File, m.Name, n, p.Old)
		}
		text = strings.Replace(text, p.Old, p.New, 1)
	}
	return text, nil
}
