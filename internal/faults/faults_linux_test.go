package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/sys"
)

func TestMain(m *testing.M) {
	steps = append(steps, planted...)
	child()
	steps = steps[:len(steps)-len(planted)]
	os.Exit(m.Run())
}

// sample is one fault of each call, another error and another time for each.
func sample() (some []fault) {
	for i, c := range slices.Concat(calls, hooks()) {
		f := fault{c, c.errnos[i*5%len(c.errnos)], whens[i%len(whens)]}
		if f.errno == syscall.EAGAIN || !f.possible() {
			f.errno = c.errnos[0] // what would block, though it would not, hangs in both
		}
		if !f.possible() { // with none of its errors
			f.when = first
		}
		some = append(some, f)
	}
	return some
}

// If this fails, a system call that fails breaks ours, and not package net.
func TestSample(t *testing.T) {
	some := sample()
	if testing.Short() {
		some = slices.DeleteFunc(some, func(f fault) bool { return !f.call.inside && f.call.name != "accept" })
	}
	if len(numbers) == 0 || nettest.UnderRace() { // which sees nothing more in a program that fails
		some = slices.DeleteFunc(some, func(f fault) bool { return !f.call.inside })
	}
	reached := 0
	r := newRunner()
	r.steps = 2
	err := r.runAll(some, 4, func(f fault, results []result) {
		for _, r := range results {
			if r.ours.Tally.Made > 0 {
				reached++
			}
			if r.is == worse {
				t.Error(r)
			}
		}
	})
	if errors.Is(err, errCannot) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	require.NoError(t, err)
	require.Greater(t, reached, len(some), "faults that came")
}

// planted are steps of a program that breaks the rule when a call fails.
var planted = []step{
	{name: "good", run: func(t *trial) { fails(t) }},
	{name: "clear", run: func(t *trial) { t.must("fail", fails(t)) }},
	{name: "obscure", run: func(t *trial) {
		if fails(t) != nil {
			t.must("fail", errors.New("it failed"))
		}
	}},
	{name: "loss", run: func(t *trial) {
		if fails(t) != nil {
			t.check(new(flow), []byte("not a flow"))
		}
	}},
	{name: "hang", run: func(t *trial) {
		if fails(t) != nil {
			select {}
		}
	}},
	{name: "loss and hang", run: func(t *trial) {
		if fails(t) != nil {
			t.check(new(flow), []byte("not a flow"))
			select {}
		}
	}},
	{name: "nothing read", run: func(t *trial) {
		if fails(t) != nil {
			t.receive("read", nothing{}, new(flow))
		}
	}},
	{name: "spin", run: func(t *trial) {
		for err := fails(t); err != nil; {
		}
	}},
	{name: "leak", run: func(t *trial) {
		if fails(t) != nil {
			leaked, _ = net.Listen("tcp", "127.0.0.1:0")
		}
	}},
	{name: "leaked event descriptor", run: func(t *trial) {
		if fails(t) != nil {
			_, _ = unix.Eventfd(0, unix.EFD_CLOEXEC)
		}
	}},
	{name: "leaked goroutine", run: func(t *trial) {
		if fails(t) != nil {
			go func() { select {} }()
		}
	}},
	{name: "stuck", run: func(t *trial) {
		if stuck = errors.Join(stuck, fails(t)); stuck != nil {
			t.must("be stuck", stuck)
		}
	}},
	{name: "crash", run: func(t *trial) {
		if fails(t) != nil {
			panic("it crashed")
		}
	}},
	{name: "after", run: func(t *trial) { fails(t) }},
}

var (
	stuck  error
	leaked net.Listener
)

// nothing is a reader that says neither that something is there nor that it has ended.
type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }

// fails makes a call that the fault is for.
func fails(*trial) error {
	fd, err := sys.Eventfd()
	if err == nil {
		unix.Close(fd)
	}
	return err
}

// If this fails, ours may crash when a call of package sys fails, and passes for one that does
// not make the call.
func TestCrashInsideIsFound(t *testing.T) {
	all, err := try(order{Stack: "net", Steps: []string{"crash", "after"}, Errno: syscall.EMFILE, Inside: true, Hook: sys.CallEventfd,
		When: first, Quiet: 500 * time.Millisecond, Busy: 200 * time.Millisecond}, nil)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, "crash", all[0].Bad, all[0].Detail)
	require.Equal(t, string(worse), string(judge(nil, all[:1])))
	require.Equal(t, whole, all[1].rank())
}

// If this fails, a program that breaks the rule is not caught.
func TestPlantedMistakesAreFound(t *testing.T) {
	if len(numbers) == 0 {
		t.Skip("no system call can be made to fail from outside")
	}
	var names []string
	for _, s := range planted {
		names = append(names, s.name)
	}
	c := calls[slices.IndexFunc(calls, func(c call) bool { return c.name == "eventfd2" })]
	all, err := try(order{Stack: "net", Steps: names, Errno: syscall.EMFILE, System: numbersOf(c), When: first, Quiet: 500 * time.Millisecond,
		Busy: 200 * time.Millisecond}, []call{c})
	if errors.Is(err, errCannot) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	require.NoError(t, err)
	require.Len(t, all, len(planted))
	for i, want := range []struct {
		bad  string
		rank rank
	}{{"", whole}, {"", clear}, {"", obscure}, {"loss", broken}, {"hang", broken}, {"loss", broken}, {"loss", broken}, {"spin", broken},
		{"leak", broken}, {"leak", broken}, {"leak", broken},
		{"stuck", broken}, {"crash", broken}, {"", whole}} {
		require.Equal(t, planted[i].name, all[i].Step)
		require.Equal(t, want.bad, all[i].Bad, "%s: %s", all[i].Step, all[i].Detail)
		require.Equal(t, want.rank, all[i].rank(), all[i].Step)
		require.Equal(t, 1, all[i].Tally.Made, all[i].Step)
	}
}

// If this fails, what is worse passes for something else.
func TestJudge(t *testing.T) {
	made := tally{Made: 1}
	works := report{Tally: made}
	says := report{Tally: made, Trouble: []trouble{{"read", "no room", false}, {"write", "no memory", true}}}
	fails := report{Tally: made, Trouble: []trouble{{"read", "no room", false}}}
	hangs := report{Tally: made, Bad: "hang", Detail: "read"}
	spins := report{Tally: made, Bad: "spin", Detail: "read"}
	loses := report{Tally: made, Bad: "loss"}
	anyway := report{Bad: "hang"} // before the fault came
	spared := report{}
	for _, c := range []struct {
		theirs, ours []report
		want         verdict
	}{
		{[]report{works}, []report{works}, same},
		{[]report{works}, []report{says}, worse},
		{[]report{says}, []report{fails}, worse},
		{[]report{fails}, []report{hangs}, worse},
		{[]report{hangs}, []report{fails}, better},
		{[]report{hangs}, []report{hangs}, same},
		{[]report{hangs}, []report{spins}, same},
		{[]report{hangs}, []report{loses}, worse},
		{[]report{hangs, loses}, []report{loses}, same},
		{[]report{hangs}, []report{hangs, loses}, worse},
		{[]report{works}, []report{anyway}, worse},
		{nil, []report{anyway}, worse},
		{[]report{fails}, []report{says}, better},
		{[]report{says, works, hangs}, []report{works, hangs}, same},
		{[]report{works}, []report{works, says}, worse},
		{[]report{works}, []report{spared}, none},
		{[]report{spared}, []report{says}, alone},
		{nil, []report{fails}, alone},
		{nil, []report{hangs}, worse},
		{nil, []report{spared, hangs}, worse},
	} {
		require.Equal(t, string(c.want), string(judge(c.theirs, c.ours)), "%v, %v", c.theirs, c.ours)
	}
	require.True(t, says.like(fails.but(says.Trouble[1])))
	require.False(t, says.like(fails))
}

// but returns a report with more trouble.
func (r report) but(more trouble) report {
	r.Trouble = append(slices.Clone(r.Trouble), more)
	return r
}

// If this fails, a fault comes at another time than it is said to.
func TestSchedules(t *testing.T) {
	at := func(w when) (n []int) {
		fails := w.schedule()
		for i := 1; i <= 40; i++ {
			if fails(i) {
				n = append(n, i)
			}
		}
		return n
	}
	require.Equal(t, []int{1}, at(first))
	require.Equal(t, []int{2}, at(second))
	require.Equal(t, []int{5}, at(fifth))
	require.Empty(t, at(never))
	require.Len(t, at(always), 40)
	require.Equal(t, at(random), at(random))
	require.NotEqual(t, at(random), at(random+"'"))
	require.InDelta(t, 10, len(at(random)), 6)
}

// If this fails, the page is of other faults than the program makes, or says that ours is
// worse.
func TestPage(t *testing.T) {
	text, err := os.ReadFile(filepath.FromSlash("../../" + pageName))
	require.NoError(t, err)
	row := regexp.MustCompile(`(?m)^\| (\S[^|]*) \| ([A-Z0-9 ]+) \|(.*)\|$`)
	got := make(map[string]bool)
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		for _, errno := range strings.Fields(m[2]) {
			got[m[1]+" "+errno] = true
		}
		require.NotContains(t, m[3], "!")
	}
	want := make(map[string]bool)
	for _, c := range slices.Concat(calls, hooks()) {
		for _, errno := range c.errnos {
			want[c.name+" "+unix.ErrnoName(errno)] = true
		}
	}
	require.Equal(t, want, got, "go run ./internal/faults -write")
	require.Contains(t, string(text), fmt.Sprintf(" of %d, ", len(faults())))
	require.Contains(t, string(text), ", 0 worse, ")
}
