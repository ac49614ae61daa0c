package report

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/bench/measure"
	"github.com/a57b2d82/netpoller/bench/scenarios"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// If this fails, a reader without JavaScript sees less than the terminal shows, or a scenario is missing from the report.
func TestHTMLHasTheTables(t *testing.T) {
	var out strings.Builder
	require.NoError(t, sampleReport().writeHTML(&out))
	page := out.String()
	for _, part := range []string{
		`<td>raw epoll</td><td>22,500</td><td class="better">1.50<small>rounds 1.50–1.50</small></td>`, "1,000 connections, 64 B",
		"<td>3.25</td>", "Not measured: memory, 7 connections: too many.", `<span class="interval better">1.50–1.50 better</span>`,
	} {
		assert.Contains(t, page, part)
	}
	assert.NotContains(t, page, "http", "nothing comes from elsewhere")
}

// If this fails, a page made of a file shows something else than was measured, or Load accepts what is no recording.
func TestHTMLFromRecordedReport(t *testing.T) {
	dir := t.TempDir()
	recorded, direct, later := filepath.Join(dir, "x.json"), filepath.Join(dir, "a.html"), filepath.Join(dir, "b.html")
	rep := sampleReport()
	require.NoError(t, rep.Save(recorded))
	require.NoError(t, rep.SaveHTML(direct))
	loaded, err := Load(recorded)
	require.NoError(t, err)
	require.NoError(t, loaded.SaveHTML(later))
	want, err := os.ReadFile(direct)
	require.NoError(t, err)
	got, err := os.ReadFile(later)
	require.NoError(t, err)
	assert.True(t, string(want) == string(got))

	require.NoError(t, os.WriteFile(recorded, []byte(`{"runs": [{"scenario": "gopher"}]}`), 0o644))
	_, err = Load(recorded)
	assert.ErrorContains(t, err, "gopher")
}

// allScenarios has every scenario, with ratios that lie far apart.
func allScenarios() *Report {
	rep := sampleReport()
	for _, sc := range scenarios.All[1:] { // echo is there
		for i, p := range sc.Points {
			for round := range 6 {
				at := servers.Cell{Scenario: sc.Key, Variant: "net", Point: p}
				run := measure.Run{Cell: at, Round: round, PerSecond: 1e5, CPU: 3, P50: 10, P99: 100, P999: 1000, Memory: 8e3, KernelMemory: 9e3}
				rep.Runs = append(rep.Runs, run)
				at.Variant = "nested"
				run.Cell, run.PerSecond, run.P99 = at, 9e4+float64(1000*i*round), 98
				run.CPU = 3 * []float64{21.6, 3, 1, 1, 1, 1}[round] // one round, far away
				run.P50, run.P999 = 0.08*run.P50, 30*run.P999
				rep.Runs = append(rep.Runs, run)
			}
		}
	}
	rep.Summarize()
	return rep
}

// If this fails, a ratio is drawn at the wrong place, or one beyond the scale without a sign that it is.
func TestScale(t *testing.T) {
	assert.Equal(t, 50.0, place(1))
	assert.InDelta(t, 100, place(0.5)+place(2), 0.011, "half and double lie equally far from 1")
	assert.Equal(t, mark{At: 0, Clipped: "low"}, newMark(0.08))
	assert.Equal(t, mark{At: 100, Clipped: "high"}, newMark(21.6))
	assert.Equal(t, &span{From: 50, Width: 50, To: 100, Above: "21.6"}, newSpan(1, 21.6))
	assert.Equal(t, &span{From: 0, Width: 50, To: 50, Below: "0.06"}, newSpan(0.06, 1))
}

// If this fails, the report is cut off on a phone or a desktop, a number is broken into two lines, or a plot shows less than
// there is.
func TestHTMLInABrowser(t *testing.T) {
	rep := allScenarios()
	file := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, rep.SaveHTML(file))
	lines := 0
	for _, b := range rep.blocks() {
		for _, p := range b.plots() {
			for _, g := range p.Groups {
				lines += len(g.Lines)
			}
		}
	}
	ctx := browser(t)
	complaints := watch(t, ctx)
	for _, width := range []int{420, 800, 1300} {
		_, err := chromedp.Run(ctx, chromedp.EmulateViewport(int64(width), 1000))
		require.NoError(t, err)
		_, err = chromedp.Run(ctx, chromedp.Navigate("file://"+file))
		require.NoError(t, err)
		saw, err := chromedp.Run(ctx, chromedp.Evaluate[drawn](lookAtPage))
		require.NoError(t, err)
		assert.LessOrEqual(t, saw.Width, width, "the page is wider than its window")
		assert.Equal(t, lines, saw.Lines, "%d: lines drawn", width)
		assert.Equal(t, lines, saw.Dots, "%d: medians inside their track", width)
		assert.GreaterOrEqual(t, saw.LeastTrack, 120.0, "%d: room for a plot", width)
		assert.Positive(t, saw.Clipped)
		assert.Empty(t, saw.Broken, "%d: text that takes two lines", width)
		assert.Empty(t, saw.Covered, "%d: text that runs into other text", width)
		if width == 1300 {
			assert.Empty(t, saw.Scrolling, "tables that are cut off")
		}
	}
	assert.Empty(t, complaints())
}

// drawn is what lookAtPage finds.
type drawn struct {
	Width, Lines, Dots, Clipped int
	LeastTrack                  float64
	Broken, Covered, Scrolling  []string
}

// lookAtPage measures what was laid out.
const lookAtPage = `(function () {
	var all = selector => [...document.querySelectorAll(selector)];
	var box = e => e.getBoundingClientRect();
	var texts = all(".name, .ratio, .interval, .value, .track b, td small, td:not(:first-child)");
	var inside = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1;
	var overlap = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
	var extent = function (e) { var r = document.createRange(); r.selectNodeContents(e); return r.getBoundingClientRect(); };
	var covered = [];
	all(".line").forEach(function (line) {
		var parts = [...line.querySelectorAll(".name, .ratio, .interval, .value, .track")].map(e => e.matches(".track") ? box(e) : extent(e));
		parts.forEach((a, i) => parts.slice(i + 1).forEach(function (b) {
			if (a.width && b.width && overlap(a, b)) { covered.push(line.textContent); }
		}));
	});
	return {
		Width: document.documentElement.scrollWidth,
		Lines: all(".line").length,
		Dots: all(".line .dot").filter(e => inside(box(e), {left: box(e.parentNode).left - 5, right: box(e.parentNode).right + 5})).length,
		Clipped: all(".dot.low, .dot.high").length,
		LeastTrack: Math.min(...all(".track").map(e => box(e).width)),
		Broken: texts.filter(e => !e.querySelector("small") && extent(e).height > 24).map(e => e.textContent),
		Covered: covered,
		Scrolling: all(".scroll").filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent.slice(0, 200)),
	};
})()`

// browser starts a Chromium without a window, which ends with the test.
func browser(t *testing.T) context.Context {
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			program = found
			break
		}
	}
	if program == "" && os.Getenv("CI") != "" {
		t.Fatal("no chromium, and CI is set")
	}
	if program == "" {
		t.Skip("no chromium: nothing looks at the charts")
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(program), chromedp.UserDataDir(t.TempDir()), chromedp.Headless, chromedp.NoSandbox,
		chromedp.NoFirstRun, chromedp.DisableGPU, chromedp.WindowSize(1280, 1000),
	}
	for _, flag := range []string{
		"disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "disable-dev-shm-usage",
	} {
		options = append(options, chromedp.Flag(flag, true))
	}
	// The test's own context ends before its clean-up, in which the browser is asked to leave.
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	ctx, _ = chromedp.NewExecAllocator(ctx, options...)
	ctx, _ = chromedp.NewContext(ctx)
	_, err := chromedp.Run(ctx, chromedp.Evaluate[int]("1"))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, chromedp.Cancel(ctx), "ending the browser") })
	return ctx
}

// watch collects what the browser complains of, and every request for something that is not in the file.
func watch(t *testing.T, ctx context.Context) (complaints func() []string) {
	var mu sync.Mutex
	var all []string
	add := func(text string) {
		mu.Lock()
		defer mu.Unlock()
		all = append(all, text)
	}
	require.NoError(t, chromedp.Listen(ctx, func(event any) {
		switch event := event.(type) {
		case *runtime.EventExceptionThrown:
			add(event.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			add("console: " + string(event.Type))
		case *log.EventEntryAdded:
			add(event.Entry.Text)
		case *network.EventRequestWillBeSent:
			if url := event.Request.URL; !strings.HasPrefix(url, "file:") && !strings.HasPrefix(url, "data:") {
				add("request for " + url)
			}
		}
	}))
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}
