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
		"<td>raw epoll</td><td>22,500</td><td>1.50</td><td>1.50–1.50</td><td>better</td>", "1,000 connections, 64 B", "<td>3.25</td>",
		"Not measured: memory, 7 connections: too many.", "Licensed to the Apache Software Foundation", "drawAll([{",
	} {
		assert.True(t, strings.Contains(page, part), part)
	}
	assert.NotContains(t, strings.ReplaceAll(page, "http://www.w3.org/", ""), `src="http`)
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

// If this fails, charts are not drawn in a browser, or an axis begins elsewhere than at zero and makes small differences
// large.
func TestHTMLInABrowser(t *testing.T) {
	rep := sampleReport()
	for _, sc := range scenarios.All[1:] { // echo is there
		for i, p := range sc.Points {
			at := servers.Cell{Scenario: sc.Key, Variant: "net", Point: p}
			base := measure.Run{Cell: at, PerSecond: 1e5, CPU: 3, P50: 10, P99: 100, P999: 1000, Memory: 8e3, KernelMemory: 9e3}
			rep.Runs = append(rep.Runs, base)
			at.Variant = "nested"
			base.Cell, base.PerSecond, base.P99 = at, 9e4+float64(i), 98
			rep.Runs = append(rep.Runs, base)
		}
	}
	rep.Summarize()
	file := filepath.Join(t.TempDir(), "report.html")
	require.NoError(t, rep.SaveHTML(file))

	ctx := browser(t)
	complaints := watch(t, ctx)
	_, err := chromedp.Run(ctx, chromedp.Navigate("file://"+file))
	require.NoError(t, err)
	charts, err := chromedp.Run(ctx, chromedp.Evaluate[[]drawnChart](lookAtCharts))
	require.NoError(t, err)
	assert.Empty(t, complaints())

	want := 0
	for _, b := range rep.blocks() {
		want += len(b.charts())
	}
	require.Len(t, charts, want)
	for _, c := range charts {
		assert.Zero(t, c.Least, "%s: its axis begins at %v", c.ID, c.Least)
		assert.Greater(t, c.Height, 200.0, c.ID)
		assert.Equal(t, c.Expected, c.Bars, "%s: bars drawn", c.ID)
		assert.Equal(t, c.Expected, c.Lines, "%s: spreads drawn", c.ID)
	}
}

// drawnChart is what lookAtCharts finds.
type drawnChart struct {
	ID                    string
	Bars, Expected, Lines int
	Least, Height         float64
}

// lookAtCharts asks each chart what it has drawn: shapes in its SVG by their colours, and where its axis begins.
const lookAtCharts = `[...document.querySelectorAll(".chart")].map(function (div) {
	var instance = echarts.getInstanceByDom(div), option = instance.getOption();
	var drawn = function (attribute, wanted) {
		return [...div.querySelectorAll("svg path")].filter(p => wanted.includes(p.getAttribute(attribute))).length;
	};
	var bars = option.series.filter(s => s.type === "bar");
	var legend = bars.length;
	return {
		ID: div.id,
		Least: instance.getModel().getComponent("yAxis").axis.scale.getExtent()[0],
		Height: div.querySelector("svg").getBoundingClientRect().height,
		Bars: drawn("fill", bars.map(s => s.itemStyle.color)) - legend,
		Lines: [...div.querySelectorAll("svg path[stroke='#0f172a']:not([stroke-dasharray])")].length,
		Expected: bars.reduce((n, s) => n + s.data.filter(v => v !== null).length, 0),
	};
})`

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
