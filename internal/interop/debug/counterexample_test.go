//go:build linux

package debug

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// If this fails, the page of a counterexample does not show the steps, its end, or the words.
func TestCounterexample(t *testing.T) {
	dir := t.TempDir()
	search := exec.Command("go", "test", "./polldesc", "-run", "TestSearch$", "-only", "evict",
		"-patches", "testdata/no-recheck.json", "-html", filepath.Join(dir, "c.html"))
	search.Dir = "../../.."
	out, err := search.CombinedOutput()
	require.Error(t, err, "the search has found nothing")
	require.FileExists(t, filepath.Join(dir, "c.html"), "%s", out)

	p := &page{t: t, ctx: browser(t), server: httptest.NewServer(http.FileServer(http.Dir(dir)))}
	t.Cleanup(p.server.Close)
	require.NoError(t, chromedp.Listen(p.ctx, p.hear))
	do(p, chromedp.Navigate(p.server.URL+"/c.html"))
	p.until(`document.querySelectorAll("#steps li").length === 20`)
	const lit = `document.getElementById("figures").shadowRoot.querySelector("[data-side='word R'] .node.on text").textContent`
	require.Equal(t, "idle", ask[string](p, lit))
	press := func(id string) { ask[bool](p, "document.getElementById("+strconv.Quote(id)+").click() || true") }
	press("end")
	p.until(`document.querySelector("li.now").matches(".last")`)
	require.Equal(t, "parked", ask[string](p, lit))
	require.Contains(t, ask[string](p, `document.querySelector("li.last").textContent`), "breaks HB-1, I5")
	p.press(kb.ArrowLeft)
	p.until(`document.querySelector("li.now .at").textContent === "19"`)
	require.Equal(t, "wait", ask[string](p, lit))
	press("play")
	p.until(`document.querySelector("li.now").matches(".last")`)
	p.quiet()
}
