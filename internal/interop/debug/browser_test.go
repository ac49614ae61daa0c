//go:build linux

// Package debug opens the page of package debug in a browser, and uses it as a reader does.
package debug

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/debug"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// TestMain runs the tests and then looks for what they left behind.
func TestMain(m *testing.M) { os.Exit(ends.WithoutLeaks(m.Run)) }

// A page is the page of a group in a browser.
type page struct {
	t      *testing.T
	ctx    context.Context
	server *httptest.Server

	mu         sync.Mutex
	complaints []string // of the browser, and requests for what is not the page's. Guarded by mu
}

// open serves the page of g and opens it.
func open(t *testing.T, g *netpoller.PollerGroup) *page {
	const prefix = "/debug/netpoller"
	mux := http.NewServeMux()
	mux.Handle(prefix+"/", http.StripPrefix(prefix, debug.Handler(g)))
	p := &page{t: t, ctx: browser(t), server: httptest.NewServer(mux)}
	t.Cleanup(func() {
		p.server.CloseClientConnections()
		p.server.Close()
	})
	require.NoError(t, chromedp.Listen(p.ctx, p.hear))
	do(p, chromedp.Navigate(p.server.URL+prefix+"/"))
	return p
}

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
		t.Skip("no chromium: nothing looks at the page")
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
	ctx, cancel := context.WithTimeout(context.Background(), 2*ends.Patience)
	t.Cleanup(cancel)
	ctx, _ = chromedp.NewExecAllocator(ctx, options...)
	ctx, _ = chromedp.NewContext(ctx)
	_, err := chromedp.Run(ctx, chromedp.Evaluate[int]("1"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, chromedp.Cancel(ctx), "ending the browser") })
	return ctx
}

// hear notes what the browser complains of, and requests for what is not the page's.
func (p *page) hear(event any) {
	text := ""
	switch event := event.(type) {
	case *runtime.EventExceptionThrown:
		text = event.ExceptionDetails.Text
	case *runtime.EventConsoleAPICalled:
		text = "console: " + string(event.Type)
	case *log.EventEntryAdded:
		text = event.Entry.Text
	case *network.EventRequestWillBeSent:
		if url := event.Request.URL; !strings.HasPrefix(url, p.server.URL) {
			text = "request for " + url
		}
	}
	if text != "" {
		p.mu.Lock()
		p.complaints = append(p.complaints, text)
		p.mu.Unlock()
	}
}

// quiet requires that the browser has not complained.
func (p *page) quiet() {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	require.Empty(p.t, p.complaints)
}

func do[T any](p *page, action chromedp.Action[T]) T {
	p.t.Helper()
	v, err := chromedp.Run(p.ctx, action)
	require.NoError(p.t, err)
	return v
}

// ask returns the value of an expression.
func ask[T any](p *page, expression string) T {
	p.t.Helper()
	return do(p, chromedp.Evaluate[T](expression))
}

// until waits until an expression is true.
func (p *page) until(expression string) {
	p.t.Helper()
	if !ends.Poll(func() bool { return ask[bool](p, "Boolean("+expression+")") }) {
		p.t.Fatalf("never true: %s\n%s", expression, ask[string](p, "document.body.innerText"))
	}
}

func (p *page) click(selector string) {
	p.t.Helper()
	do(p, chromedp.Click(selector))
}

func (p *page) press(keys string) {
	p.t.Helper()
	do(p, chromedp.KeyEvent(keys))
}

// strike presses one key as a keyboard does: a page that takes the key keeps the browser from typing it.
// KeyEvent of chromedp types it in any case.
func (p *page) strike(key string) {
	p.t.Helper()
	for _, event := range []input.DispatchKeyEventParams{
		{Type: input.DispatchKeyEventTypeKeyDown, Key: key, Text: key}, {Type: input.DispatchKeyEventTypeKeyUp, Key: key},
	} {
		_, err := chromedp.Call(p.ctx, input.DispatchKeyEvent, event)
		require.NoError(p.t, err)
	}
}

// scheme makes the page dark, or light.
func (p *page) scheme(name string) {
	p.t.Helper()
	_, err := chromedp.Call(p.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: name}},
	})
	require.NoError(p.t, err)
}
