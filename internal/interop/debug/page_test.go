//go:build linux

package debug

import (
	"flag"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
	"github.com/a57b2d82/netpoller/trace"
)

var rows = flag.Int("rows", 1000, "connections of TestManyRows")

// group returns a group with a listener, and both ends of a connection to it.
func group(t *testing.T) (g *netpoller.PollerGroup, ln netpoller.Listener, client, server netpoller.Conn) {
	g = netpoller.NewPollerGroup(netpoller.PollerConfig{Pollers: 1})
	t.Cleanup(func() { g.Close() })
	ln, err := (&netpoller.ListenConfig{Poller: g}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	client, err = (&netpoller.Dialer{Poller: g}).Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { client.Close() })
	server, err = ln.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	return g, ln, client, server
}

// cells is an expression: the texts of a column.
func cells(column string) string {
	return fmt.Sprintf(`[...document.querySelectorAll("#table tbody td.%s")].map(e => e.textContent)`, column)
}

// openRow clicks the row with a local address, and waits until the page records its events.
func (p *page) openRow(local string) {
	p.t.Helper()
	p.until(cells("local") + fmt.Sprintf(`.includes(%q)`, local))
	ask[any](p, fmt.Sprintf(`[...document.querySelectorAll("#table td.local")].find(e => e.textContent === %q).id = "wanted"`, local))
	p.click("#wanted")
	p.until(fmt.Sprintf(`document.querySelector("#one-title").textContent.includes(%q)`, local+" → "))
	ends.Eventually(p.t, "the page has events recorded", func() bool { return trace.Running() != nil })
	p.t.Cleanup(func() {
		if t := trace.Running(); t != nil {
			t.Stop()
		}
	})
}

// read reads from c, has f called when the Read is parked, and returns its error.
func read(t *testing.T, g *netpoller.PollerGroup, c netpoller.Conn, f func()) error {
	ended := make(chan error, 1)
	go func() { _, err := c.Read(make([]byte, 8)); ended <- err }()
	ends.Eventually(t, "the Read is parked", func() bool { return g.Stats().ParkedReaders == 1 })
	f()
	return ends.Receive(t, "the Read returns", ended)
}

// listed is an expression: the transitions of the reading side in the list of events.
const listed = `[...document.querySelectorAll("#events tr.transition")].filter(tr => tr.cells[1].textContent === "read").map(tr => tr.cells[2].textContent)`

// current is an expression: the event that was played last.
const current = `document.querySelector("#events [aria-current]").cells[2].textContent`

// lit is an expression: the state of the reading side, and the row that led there, as the figure shows them.
const lit = `[...document.querySelectorAll('[data-side="read"] .node.on text, [data-side="read"] .row.on text')].map(e => e.textContent).sort().join(" ")`

// If this fails, a connection's transitions are not on its page, or are not to be found by stepping.
func TestEchoAndDeadline(t *testing.T) {
	g, _, client, server := group(t)
	p := open(t, g)
	p.openRow(client.LocalAddr().String())

	require.NoError(t, read(t, g, client, func() { server.Write([]byte("echo")) }))
	p.until(`(` + listed + `).join() === "O1 reset,O3 announce,O4 commit,E4 edge,O6 collect"`)
	p.until(lit + ` === "O6 idle"`)

	require.NoError(t, client.SetReadDeadline(time.Now().Add(500*time.Millisecond)))
	require.ErrorIs(t, read(t, g, client, func() {
		p.until(lit + ` === "O4 parked"`)
		p.until(`document.querySelector('[data-side="read"] .doing').textContent.includes("on its channel")`)
	}), os.ErrDeadlineExceeded)
	p.until(`(` + listed + `).slice(5).join() === "O3 announce,O4 commit,U4 cancel,O6 collect" ||
		(` + listed + `).slice(5).join() === "O1 reset,O3 announce,O4 commit,U4 cancel,O6 collect"`)
	p.until(`[...document.querySelectorAll("#events tr")].some(tr => tr.cells[2].textContent === "expired")`)
	for _, mark := range []string{"set deadline", "armed", "due", "expired"} {
		p.until(fmt.Sprintf(`document.querySelector('#line [data-mark="%s"]')`, mark))
	}

	p.until(lit + ` === "O6 idle"`)
	p.press(" ")
	p.until(`document.querySelector("#play").textContent === "Play"`)
	p.click("#only")
	p.until(current + ` === "O6 collect"`)
	for _, step := range []struct{ key, event, lit string }{
		{kb.ArrowLeft, "U4 cancel", "U4 idle"},
		{kb.ArrowLeft, "O4 commit", "O4 parked"},
		{kb.ArrowLeft, "O3 announce", "O3 wait"},
		{kb.ArrowRight, "O4 commit", "O4 parked"},
		{kb.Home, "O1 reset", "O1 idle"},
		{kb.End, "O6 collect", "O6 idle"},
	} {
		p.press(step.key)
		p.until(current + fmt.Sprintf(" === %q", step.event))
		p.until(lit + fmt.Sprintf(" === %q", step.lit))
	}
	p.until(`document.querySelector("#position").textContent.includes("live")`)
	ask[any](p, `[...document.querySelectorAll("#events tr")].find(tr => tr.cells[2].textContent === "E4 edge").id = "edge"`)
	p.click("#edge")
	p.until(lit + ` === "E4 ready"`)

	p.press("s")
	p.until(`document.querySelector("#speed").value === "0.3"`)
	p.until(lit + ` === "O6 idle" && document.querySelector("#position").textContent.includes("slow motion, 0 behind")`)
	p.press(kb.Escape)
	p.until(fmt.Sprintf(`document.activeElement.closest("tr")?.querySelector(".local").textContent === %q`, client.LocalAddr().String()))
	p.press(kb.ArrowUp)
	p.press(kb.ArrowDown)
	p.press(kb.Enter)
	p.until(fmt.Sprintf(`document.querySelector("#one-title").textContent.includes(%q)`, client.LocalAddr().String()+" → "))
	require.NoError(t, client.Close())
	require.NoError(t, server.Close())
	p.until(`document.querySelector("#one-note").checkVisibility() && (` + listed + `).length > 0`)
	p.quiet()
}

// If this fails, the table is not the one that was asked for.
func TestTable(t *testing.T) {
	g, ln, client, _ := group(t)
	p := open(t, g)
	p.until(cells("fd") + `.length === 3`)
	sorted := func(order string) string {
		return fmt.Sprintf(`(a => a.join() === a.toSorted((x, y) => %s).join())(%s.map(Number))`, order, cells("fd"))
	}
	p.click("#table th:nth-child(2) button")
	p.until(`document.querySelector("#table th:nth-child(2)").ariaSort === "ascending" && ` + sorted("x - y"))
	p.click("#table th:nth-child(2) button")
	p.until(`document.querySelector("#table th:nth-child(2)").ariaSort === "descending" && ` + sorted("y - x"))

	p.strike("/")
	p.until(`document.activeElement.id === "filter"`)
	p.press("listener")
	p.until(cells("local") + fmt.Sprintf(`.join() === %q`, ln.Addr().String()))
	p.until(`document.querySelector("#range").textContent === "1–1 of 1 of 3"`)
	p.until(`location.hash.includes("filter=listener") && location.hash.includes("sort=-fd")`)
	do(p, chromedp.Reload())
	p.until(cells("fd") + `.length === 1`)
	p.strike("/") // selects what is there
	p.press(client.LocalAddr().String() + " nothing")
	p.until(`!document.querySelector("#none").hidden`)

	p.press(kb.Escape)
	p.press("?")
	p.until(`document.querySelector("#keys").open`)
	p.press(kb.Escape)
	p.until(`!document.querySelector("#keys").open && document.activeElement === document.body`)
	p.press(" ")
	p.until(`document.querySelector("#status").textContent === "paused"`)
	p.quiet()
}

// If this fails, the plots of a reactor show nothing, or a group without one looks broken.
func TestReactors(t *testing.T) {
	none := netpoller.NewPollerGroup(netpoller.PollerConfig{Pollers: 1})
	t.Cleanup(func() { none.Close() })
	p := open(t, none)
	p.until(`document.querySelector("#no-reactors").textContent.startsWith("No reactor has been started yet")`)
	p.until(`document.querySelector("#none").textContent === "No connection is open."`)
	p.quiet()

	g, _, client, server := group(t)
	p = open(t, g)
	value := func(name string) string {
		return fmt.Sprintf(`[...document.querySelectorAll("#sum dt")].find(e => e.textContent === %q)?.nextSibling.textContent`, name)
	}
	p.until(value("open") + ` === "3"`)
	require.NoError(t, client.SetReadDeadline(time.Now().Add(time.Hour)))
	require.NoError(t, read(t, g, client, func() {
		p.until(value("parked") + ` === "1 r, 0 w"`)
		p.until(value("deadlines") + `.startsWith("1 ")`)
		server.Write([]byte("x"))
	}))
	painted := `[...document.querySelectorAll("#sum canvas")].filter(c =>
		c.getContext("2d").getImageData(0, 0, c.width, c.height).data.some(x => x > 0)).length`
	p.until(painted + ` === 3`)
	p.quiet()
}

// If this fails, a busy connection takes away the events that a reader looks at, or hides that some are missing.
func TestPlayerKeeps(t *testing.T) {
	g, _, _, _ := group(t)
	p := open(t, g)
	got := do(p, chromedp.Evaluate[[]int](`import("./player.js").then(({Player}) => {
		const p = new Player(() => {});
		const add = n => p.add(Array.from({length: n}, (_, i) => ({at: i, name: "recv"})), false);
		const seen = [];
		const look = () => seen.push(p.first, p.position, p.end, p.missing.size);
		add(9990);
		p.go(7); add(100); look();       // paused: takes no more
		p.setSpeed("0.3"); add(10); look();  // slow motion: there is room
		add(5); look();                  // forgets what was played
		add(3); look();                  // nothing more was played
		p.newest(); add(1); look();      // live
		p.paused = true;
		return seen;
	})`, chromedp.EvalAwaitPromise))
	require.Equal(t, []int{
		0, 7, 9990, 0,
		0, 7, 10000, 1,
		5, 7, 10005, 1,
		5, 7, 10005, 1,
		6, 10005, 10006, 2,
	}, got)
	p.quiet()
}

// If this fails, a name can put elements into the page, or hide itself.
func TestHostileNames(t *testing.T) {
	g := netpoller.NewPollerGroup(netpoller.PollerConfig{Pollers: 1})
	t.Cleanup(func() { g.Close() })
	name := fmt.Sprintf("@<script>alert(%d)</script><img src=x onerror=alert(1)>\u202e\x07\"'&", os.Getpid())
	ln, err := (&netpoller.ListenConfig{Poller: g}).Listen(t.Context(), "unix", name)
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	p := open(t, g)
	shown := fmt.Sprintf(`@<script>alert(%d)</script><img src=x onerror=alert(1)>\u{202e}\u{7}"'&`, os.Getpid())
	p.until(cells("local") + fmt.Sprintf(`.join() === %q`, shown))
	p.click("#table td.local")
	p.until(fmt.Sprintf(`document.querySelector("#one-title").textContent.includes(%q)`, shown))
	require.Zero(t, ask[int](p, `document.querySelectorAll("body script, body img").length`))
	p.quiet()
}

// If this fails, a part of the page is cut off in a narrow window, or cannot be read in the dark or in the light.
func TestLooks(t *testing.T) {
	g, _, client, server := group(t)
	require.NoError(t, client.SetDeadline(time.Now().Add(time.Hour)))
	p := open(t, g)
	grounds := map[string]bool{}
	for _, width := range []int{420, 800, 1280} {
		do(p, chromedp.EmulateViewport(int64(width), 900))
		for _, scheme := range []string{"light", "dark"} {
			p.scheme(scheme)
			for _, opened := range []bool{false, true} {
				if opened {
					p.openRow(client.LocalAddr().String())
					require.NoError(t, read(t, g, client, func() { server.Write([]byte("x")) }))
					p.until(lit + ` === "O6 idle"`)
				}
				time.Sleep(time.Second) // colors change slowly
				require.LessOrEqual(t, ask[int](p, `document.documentElement.scrollWidth`), width, "the page is wider than its window")
				require.Empty(t, ask[[]string](p, faint), "%s, %d: text that is hard to read", scheme, width)
				grounds[scheme+ask[string](p, `getComputedStyle(document.body).backgroundColor`)] = true
			}
			p.press(kb.Escape)
			p.until(`!document.querySelector("#all").hidden`)
		}
	}
	require.Len(t, grounds, 2)
	p.quiet()
}

// faint is an expression: texts whose contrast to what is behind them is less than 4.5, as WCAG 2 has it.
const faint = `(() => {
	const channels = color => color.match(/[\d.]+/g).map(Number);
	const luminance = color => channels(color).slice(0, 3).map(c => c / 255)
		.map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
	const behind = e => {
		for (; e; e = e.parentElement) {
			const c = getComputedStyle(e).backgroundColor;
			if (c.startsWith("rgb") && (channels(c)[3] ?? 1) === 1) {
				return c;
			}
		}
	};
	return [...document.querySelectorAll("h1, h2, h3, p, td, th button, dt, dd, span, label, summary, figcaption, button:enabled")]
		.filter(e => e.checkVisibility() && e.textContent.trim() && !e.closest("svg, .future, [aria-current]"))
		.filter(e => {
			const [a, b] = [luminance(getComputedStyle(e).color), luminance(behind(e))];
			return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
		}).map(e => e.textContent);
})()`

// If this fails, the table is no use with many connections.
func TestManyRows(t *testing.T) {
	g := netpoller.NewPollerGroup(netpoller.PollerConfig{Pollers: 2})
	t.Cleanup(func() { g.Close() })
	for range *rows {
		c, err := (&netpoller.ListenConfig{Poller: g}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
		require.NoError(t, err)
		c.(*netpoller.UDPConn).NotifyReadable(func() {})
		t.Cleanup(func() { c.Close() })
	}
	p := open(t, g)
	shows := func(what, expression string) {
		t.Helper()
		began := time.Now()
		p.until(expression)
		t.Logf("%s: %v", what, time.Since(began).Round(time.Millisecond))
	}
	shows("first page", fmt.Sprintf(`document.querySelector("#range").textContent === "1–100 of %d"`, *rows))
	p.click("#next")
	shows("next page", fmt.Sprintf(`document.querySelector("#range").textContent === "101–200 of %d"`, *rows))
	p.click("#table th:nth-child(4) button")
	shows("sorted by address", `document.querySelector("#table th:nth-child(4)").ariaSort === "ascending" &&
		(a => a.length === 100 && a.join() === a.toSorted().join())(`+cells("local")+`)`)
	one := ask[string](p, cells("local")+`[50]`)
	do(p, chromedp.SendKeys("#filter", one))
	shows("filtered", cells("local")+fmt.Sprintf(`.join() === %q`, one))
	p.quiet()
}
