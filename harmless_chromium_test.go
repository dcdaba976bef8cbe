package downloadview_test

import (
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"path"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/testserver"
)

// scripted returns a document that is both HTML and XML. Its script can change the page
// with its frame only if it runs in the site's origin.
func scripted(name string) string {
	return `<html xmlns="http://www.w3.org/1999/xhtml"><body><script>parent.document.body.setAttribute("data-ran-` + name + `", "yes")</script></body></html>`
}

// ambiguousTypes are types that a browser may parse in an unexpected way.
var ambiguousTypes = []string{
	"image/png, text/html",
	"text/plain;charset=utf-8,text/html",
	"image/svg+xml,",
	"application/xhtml+xml x",
	`text/plain; x="y", text/html`,
	"text/plain,text/html;x=y",
	"application/pdf,text/xml",
	"image/png\ttext/html",
	"text/html ;",
	"application/rdf+xml",
	"image/x+xml",
	"text/html",
	"image/svg+xml",
}

// A script in a download with one of these types doesn't run in the site's origin.
func TestChromiumRunsNoScriptOfADownload(t *testing.T) {
	mux := http.NewServeMux()
	frames := []string{"/control"}
	mux.HandleFunc("/control", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, scripted("control"))
	})
	for i, contentType := range ambiguousTypes {
		for name, d := range map[string]downloadview.Disposition{"inline": downloadview.Inline, "active": downloadview.InlineActive} {
			name = fmt.Sprintf("%s-%d", name, i)
			frames = append(frames, "/"+name)
			f := downloadview.FromString("report", scripted(name), &downloadview.Attributes{ContentType: contentType})
			mux.Handle("/"+name, downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
				return downloadview.Response{File: f, Disposition: d}, nil
			}), nil))
		}
	}
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<!doctype html><body>")
		for _, f := range frames {
			fmt.Fprintf(w, "<iframe src=%q></iframe>", html.EscapeString(f))
		}
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	page := testserver.Browse(t, s.URL)
	if !strings.Contains(page, "data-ran-control") {
		t.Fatalf("the page's own script didn't run: %s", page)
	}
	for i, contentType := range ambiguousTypes {
		for _, name := range []string{"inline", "active"} {
			if strings.Contains(page, "data-ran-"+name+"-"+strconv.Itoa(i)+`"`) || strings.Contains(page, "data-ran-"+name+"-"+strconv.Itoa(i)+"=") {
				t.Errorf("%s, %q: its script ran in the site's origin", name, contentType)
			}
		}
	}
}

// A page with the policy default-src 'self' doesn't run a script that is a download.
func TestChromiumRunsNoAttachment(t *testing.T) {
	mux := http.NewServeMux()
	ran := func(name string) string {
		return `document.documentElement.setAttribute("data-ran-` + name + `", "yes")`
	}
	mux.HandleFunc("/control.js", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprint(w, ran("control"))
	})
	var tags strings.Builder
	attributes := map[string]downloadview.Attributes{
		"a.js":  {},
		"b.mjs": {},
		"c":     {ContentType: "application/javascript"},
		"d":     {ContentType: "Text/JavaScript; charset=utf-8"},
		"e":     {ContentType: "application/x-ecmascript"},
		"f":     {ContentType: "text/plain, text/javascript"},
	}
	for name, a := range attributes {
		for kind, d := range map[string]downloadview.Disposition{"attachment": downloadview.Attachment, "inline": downloadview.Inline} {
			f := downloadview.FromString(name, ran(kind+"-"+path.Base(name)), &a)
			mux.Handle("/"+kind+"/"+name, downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
				return downloadview.Response{File: f, Disposition: d}, nil
			}), nil))
			fmt.Fprintf(&tags, "<script src=\"/%[1]s/%[2]s\"></script><script type=module src=\"/%[1]s/%[2]s\"></script>", kind, name)
		}
	}
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		fmt.Fprintf(w, "<!doctype html><body><script src=/control.js></script>%s", tags.String())
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	page := testserver.Browse(t, s.URL)
	if !strings.Contains(page, "data-ran-control") {
		t.Fatalf("the site's own script didn't run: %s", page)
	}
	for name := range attributes {
		for _, kind := range []string{"attachment", "inline"} {
			if strings.Contains(page, "data-ran-"+kind+"-"+name) {
				t.Errorf("%s %q: its script ran in the page", kind, name)
			}
		}
	}
}

// A browser replaces fields of a cached answer by those of a 304. The cached answer must
// keep its sandbox.
func TestChromiumKeepsTheSandbox(t *testing.T) {
	var asked atomic.Int32
	second := make(chan struct{})
	f := downloadview.FromString("a.html", scripted("cached"), &downloadview.Attributes{ETag: `"v1"`})
	download := downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: f, Disposition: downloadview.InlineActive}, nil
	}), nil)
	mux := http.NewServeMux()
	mux.HandleFunc("/cached", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self' 'unsafe-inline'")
		if r.Header.Get("If-None-Match") != "" {
			asked.Add(1)
		}
		download.ServeHTTP(w, r)
	})
	mux.HandleFunc("/second", func(http.ResponseWriter, *http.Request) { close(second) })
	mux.HandleFunc("/wait", func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-second:
		case <-r.Context().Done():
		}
	})
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<!doctype html><body><img src="/wait"><script>
			const frame = document.createElement("iframe")
			let loads = 0
			frame.onload = () => {
				loads++
				if (loads <= 2) frame.src = "/cached"
				else fetch("/second")
			}
			frame.src = "/cached"
			document.body.append(frame)
		</script>`)
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	page := testserver.Browse(t, s.URL)
	if asked.Load() == 0 {
		t.Fatal("the browser asked for nothing anew")
	}
	if strings.Contains(page, "data-ran-cached") {
		t.Error("the script ran in the site's origin after a 304")
	}
}
