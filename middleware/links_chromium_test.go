package middleware_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/testserver"
	"github.com/downloadview/downloadview/middleware"
)

// In a real browser, relative links of a page keep a link to its folder, and absolute
// ones need the cookie. Neither sends the link on as a Referer.
func TestChromiumKeepsLinks(t *testing.T) {
	links := middleware.NewLinks(exampleKeys, nil)
	grant := middleware.Grant{Expires: time.Now().Add(time.Hour)}
	prefix, err := links.SignPrefix("/app/", grant)
	if err != nil {
		t.Fatal(err)
	}
	cookie, err := links.Cookie("/app/", grant)
	if err != nil {
		t.Fatal(err)
	}
	token := cookie.Value // of both
	if !strings.Contains(prefix, token) {
		t.Fatalf("the prefix %s has another token", prefix)
	}
	const page = `<!doctype html><body><script src="relative.js"></script><script src="sub/../deep/relative.js"></script><script src="/app/absolute.js"></script>`
	signed := links.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(fmt.Sprint(r.URL, r.RequestURI, r.Header), token) {
			t.Errorf("the handler below sees the link: %v %v", r.URL, r.Header)
		}
		name := strings.TrimPrefix(r.URL.Path, "/app/")
		if name == "page.html" {
			w.Header().Set("Content-Type", "text/html")
			io.WriteString(w, page)
			return
		}
		w.Header().Set("Content-Type", "text/javascript")
		fmt.Fprintf(w, `parent.document.body.setAttribute("data-ran-%s", "yes")`, strings.NewReplacer("/", "-", ".", "-").Replace(name))
	}))
	for _, tt := range []struct {
		name, frame string
		cookie      bool
		want        string
	}{
		{"prefix", prefix + "page.html", false, "relative-js deep-relative-js"},
		{"prefix and cookie", prefix + "page.html", true, "relative-js deep-relative-js absolute-js"},
		{"cookie", "/app/page.html", true, "relative-js deep-relative-js absolute-js"},
		{"neither", "/app/page.html", false, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mux := http.NewServeMux()
			mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.Referer(), token) {
					t.Errorf("the browser sends the link on as a Referer to %s", r.URL.Path)
				}
				signed.ServeHTTP(w, r)
			})
			mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) {
				if tt.cookie {
					http.SetCookie(w, cookie)
				}
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprintf(w, "<!doctype html><body><iframe src=%q></iframe>", tt.frame)
			})
			s := httptest.NewServer(mux)
			defer s.Close()
			seen := testserver.Browse(t, s.URL)
			for _, script := range []string{"relative-js", "deep-relative-js", "absolute-js"} {
				want := strings.Contains(" "+tt.want+" ", " "+script+" ")
				if got := strings.Contains(seen, "data-ran-"+script); got != want {
					t.Errorf("%s ran: %t, want %t", script, got, want)
				}
			}
		})
	}
}
