package nginx_test

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/middleware"
)

// hostile are requests byte for byte, with a "|" between lines. LINK is a link to
// /reports/q1.pdf, TOKEN its token, PREFIX a link to /reports/ and PTOKEN its token.
const hostile = `
GET LINK HTTP/1.1
HEAD LINK HTTP/1.1
GET LINK&x=1;y=2 HTTP/1.1
GET LINK&utm=%zz HTTP/1.1
GET LINK&utm=%00 HTTP/1.1
GET LINK&utm=ü HTTP/1.1
GET LINK&& HTTP/1.1
GET LINK&/../../etc HTTP/1.1
GET LINK&a=//b HTTP/1.1
GET LINK#a HTTP/1.1
GET LINK%23a HTTP/1.1
GET LINK&a=#b HTTP/1.1
GET LINK&dv HTTP/1.1
GET LINK&dv= HTTP/1.1
GET LINK&d%76=TOKEN HTTP/1.1
GET LINK&%64%76=TOKEN HTTP/1.1
GET LINK&DV=TOKEN HTTP/1.1
GET LINK&dv[]=TOKEN HTTP/1.1
GET LINK&+dv=TOKEN HTTP/1.1
GET LINK;dv=TOKEN HTTP/1.1
GET LINK%20 HTTP/1.1
GET LINK+ HTTP/1.1
GET LINK. HTTP/1.1
GET LINK= HTTP/1.1
GET LINK? HTTP/1.1
GET /reports/q1.pdf?d%76=TOKEN HTTP/1.1
GET /reports/q1.pdf?dv=%31TOKEN HTTP/1.1
GET /reports/q1.pdf?&dv=TOKEN HTTP/1.1
GET /reports/q1.pdf??dv=TOKEN HTTP/1.1
GET /reports/q1.pdf?a=b?dv=TOKEN HTTP/1.1
GET /reports/q1.pdf?a=b%26dv=TOKEN HTTP/1.1
GET /reports/q1.pdf%3Fdv=TOKEN HTTP/1.1
GET /reports/q1.pdf;?dv=TOKEN HTTP/1.1
GET /reports/q1.pdf%3B?dv=TOKEN HTTP/1.1
GET /reports/q1.pdf/?dv=TOKEN HTTP/1.1
GET /reports/q1.pdf.?dv=TOKEN HTTP/1.1
GET /reports/q1.pdf%20?dv=TOKEN HTTP/1.1
GET /reports/q1.pdf%00?dv=TOKEN HTTP/1.1
GET /reports/q1.pdf%0a?dv=TOKEN HTTP/1.1
GET /reports/%71%31%2epdf?dv=TOKEN HTTP/1.1
GET /%72eports/q1.pdf?dv=TOKEN HTTP/1.1
GET /reports%2Fq1.pdf?dv=TOKEN HTTP/1.1
GET /reports%2fq1.pdf?dv=TOKEN HTTP/1.1
GET /reports%252Fq1.pdf?dv=TOKEN HTTP/1.1
GET /reports%5Cq1.pdf?dv=TOKEN HTTP/1.1
GET /reports\q1.pdf?dv=TOKEN HTTP/1.1
GET //reports/q1.pdf?dv=TOKEN HTTP/1.1
GET /reports//q1.pdf?dv=TOKEN HTTP/1.1
GET /\reports/q1.pdf?dv=TOKEN HTTP/1.1
GET /./reports/q1.pdf?dv=TOKEN HTTP/1.1
GET /reports/./q1.pdf?dv=TOKEN HTTP/1.1
GET /reports/%2e/q1.pdf?dv=TOKEN HTTP/1.1
GET /reports/x/../q1.pdf?dv=TOKEN HTTP/1.1
GET /reports/x/%2e%2e/q1.pdf?dv=TOKEN HTTP/1.1
GET /reports/x/.%2E/q1.pdf?dv=TOKEN HTTP/1.1
GET /reports/../reports/q1.pdf?dv=TOKEN HTTP/1.1
GET /../reports/q1.pdf?dv=TOKEN HTTP/1.1
GET /reports/q1.pdf/.?dv=TOKEN HTTP/1.1
GET /reports/q1.pdf/..?dv=TOKEN HTTP/1.1
GET /reports/..%2Freports/q1.pdf?dv=TOKEN HTTP/1.1
GET /REPORTS/q1.pdf?dv=TOKEN HTTP/1.1
GET /reports/q1%2Epdf?dv=TOKEN HTTP/1.1
GET /reports/q%u0031.pdf?dv=TOKEN HTTP/1.1
GET /reports/q%1.pdf?dv=TOKEN HTTP/1.1
GET /reports/q1.pdf%?dv=TOKEN HTTP/1.1
GET /reports/q%c0%b1.pdf?dv=TOKEN HTTP/1.1
GET /reports/q1.pdf#?dv=TOKEN HTTP/1.1
GET /reports/q1.pdf%23?dv=TOKEN HTTP/1.1
GET reports/q1.pdf?dv=TOKEN HTTP/1.1
GET * HTTP/1.1
GET ?dv=TOKEN HTTP/1.1
GET http://example.test/reports/q1.pdf?dv=TOKEN HTTP/1.1
GET http://example.test//reports/q1.pdf?dv=TOKEN HTTP/1.1
GET http://other.test/reports/q1.pdf?dv=TOKEN HTTP/1.1
GET HOSTLINK HTTP/1.1
GET http://example.testHOSTLINK HTTP/1.1
GET http://EXAMPLE.testHOSTLINK HTTP/1.1
GET http://other.testHOSTLINK HTTP/1.1
GET http://example.test:80HOSTLINK HTTP/1.1
GET http://example.test.HOSTLINK HTTP/1.1
GET HOSTLINK HTTP/1.1|Host: other.test
GET HOSTLINK HTTP/1.1|X-Forwarded-Host: other.test
POST LINK HTTP/1.1
PUT LINK HTTP/1.1
DELETE LINK HTTP/1.1
OPTIONS LINK HTTP/1.1
PROPFIND LINK HTTP/1.1
get LINK HTTP/1.1
GET LINK&LONG HTTP/1.1
GET /reports/q1.pdf?dv=LONG HTTP/1.1
GET /LONG/q1.pdf?dv=TOKEN HTTP/1.1
GET PREFIX HTTP/1.1
GET PREFIXq1.pdf HTTP/1.1
GET PREFIX/q1.pdf HTTP/1.1
GET PREFIX./q1.pdf HTTP/1.1
GET PREFIX../reports/q1.pdf HTTP/1.1
GET PREFIX%2e%2e/reports/q1.pdf HTTP/1.1
GET PREFIX..%2freports/q1.pdf HTTP/1.1
GET PREFIX%71%31.pdf HTTP/1.1
GET PREFIXq1.pdf;x HTTP/1.1
GET PREFIXq1.pdf%3Fx HTTP/1.1
GET PREFIXq1.pdf?dv=TOKEN HTTP/1.1
GET PREFIXq1.pdf?dv= HTTP/1.1
GET PREFIXq1.pdf?DV=1&a=b HTTP/1.1
GET PREFIXq1.pdf#a HTTP/1.1
GET PREFIXa%23b.pdf HTTP/1.1
GET PREFIXa#b.pdf HTTP/1.1
GET /reports/a#b.pdf HTTP/1.1|Cookie: __Host-dv-a=PTOKEN
GET PREFIX~1.PTOKEN/q1.pdf HTTP/1.1
GET /~PTOKEN/other/q1.pdf HTTP/1.1
GET /~PTOKEN/reports HTTP/1.1
GET /~PTOKEN/Reports/q1.pdf HTTP/1.1
GET /~PTOKEN/reports//q1.pdf HTTP/1.1
GET /~PTOKEN//reports/q1.pdf HTTP/1.1
GET /~PTOKEN%2Freports/q1.pdf HTTP/1.1
GET /~PTOKEN/%72eports/q1.pdf HTTP/1.1
GET /~PTOKEN/PREFIXq1.pdf HTTP/1.1
GET /~PTOKEN/~PTOKEN/reports/q1.pdf HTTP/1.1
GET /%7EPTOKEN/reports/q1.pdf HTTP/1.1
GET /%7e%31PTOKEN/reports/q1.pdf HTTP/1.1
GET /~~PTOKEN/reports/q1.pdf HTTP/1.1
GET //~PTOKEN/reports/q1.pdf HTTP/1.1
GET /x/../~PTOKEN/reports/q1.pdf HTTP/1.1
GET /./~PTOKEN/reports/q1.pdf HTTP/1.1
GET /~PTOKEN/reports/~1.x/q1.pdf HTTP/1.1
GET /~PTOKEN/reports/%7E1%2Ex/q1.pdf HTTP/1.1
GET /~1.%ff/reports/q1.pdf HTTP/1.1
GET /~1./reports/q1.pdf HTTP/1.1
GET /~1./reports/q1.pdf?dv=TOKEN HTTP/1.1
GET /%7E1.%ff/reports/q1.pdf HTTP/1.1|Cookie: __Host-dv-a=PTOKEN
GET /reports/q1.pdf HTTP/1.1|Cookie: __Host-dv-a=PTOKEN
GET /reports/q1.pdf HTTP/1.1|Cookie: a=b; __Host-dv-a=PTOKEN; c
GET /reports/q1.pdf HTTP/1.1|Cookie: a=b|Cookie: __Host-dv-a=PTOKEN
GET /reports/q1.pdf HTTP/1.1|Cookie: __Host-dv-a=PTOKEN|Cookie: __Host-dv-a=PTOKEN
GET /reports/q1.pdf HTTP/1.1|Cookie: __Host-dv-a="PTOKEN"
GET /reports/q1.pdf HTTP/1.1|Cookie: __Host-dv-a=PTOKEN=
GET /reports/q1.pdf HTTP/1.1|Cookie: __Host-dv-a=TOKEN
GET /reports/q1.pdf HTTP/1.1|Cookie: __host-dv-a=PTOKEN
GET /reports/q1.pdf HTTP/1.1|Cookie: __Host-dv-__proto__=PTOKEN
GET /reports/q1.pdf HTTP/1.1|Cookie: __Host-dv-constructor=1; __Host-dv-toString=PTOKEN
GET /reports/q1.pdf HTTP/1.1|Cookie: ü=ü; __Host-dv-ü=PTOKEN
GET /reports/q1.pdf HTTP/1.1|Cookie: __Host-dv-a=ü€😀 ; ü;ü ; __Host-dv-b=PTOKEN
GET /reports/q1.pdf HTTP/1.1|Cookie: __Host-dv-a=PTOKENü
GET /reports/q1.pdfü?dv=TOKEN HTTP/1.1
GET /ü/../reports/q1.pdf?dv=TOKEN HTTP/1.1
GET LINKü HTTP/1.1
GET /reports/q1.pdf?dv=ü€😀 HTTP/1.1
GET /reports/q1.pdf?ü=ü&€&dv=TOKEN&😀=😀 HTTP/1.1
GET /~1.ü/reports/q1.pdf HTTP/1.1
GET /~PTOKENü€😀/reports/q1.pdf HTTP/1.1
GET /~1.€k1.1.-.aaaaaaaaaaaaaaaaaaaaaa/reports/q1.pdf HTTP/1.1
GET LINK%C3%BC%E2%82%AC HTTP/1.1
GET /reports/q1.pdf HTTP/1.1|Cookie2: __Host-dv-a=PTOKEN
GET /other/q1.pdf HTTP/1.1|Cookie: __Host-dv-a=PTOKEN
GET /reports/x/../q1.pdf HTTP/1.1|Cookie: __Host-dv-a=PTOKEN
GET /reports/q1.pdf HTTP/1.1|X-Original-URL: LINK
GET /reports/q1.pdf HTTP/1.1|X-Rewrite-URL: LINK
GET /reports/q1.pdf HTTP/1.1|Referer: LINK
GET LINK HTTP/1.1|Range: bytes=0-2
GET LINK HTTP/1.1|X-HTTP-Method-Override: DELETE
`

// nginx and package middleware agree about hostile requests.
func TestHostileRequests(t *testing.T) {
	keys := gateKeys(t)
	g := startGate(t, keys, site.Links{Verify: "njs"})
	g.only(t, "/reports/q1.pdf")
	proxytest.Write(t, g.dir, "other/q1.pdf", "another file")
	proxytest.Write(t, g.dir, "reports/a#b.pdf", "a#b")
	root, err := os.OpenRoot(g.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	links := middleware.NewLinks(keys, nil)
	library := httptest.NewServer(links.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := root.FS().(fs.ReadFileFS).ReadFile(strings.TrimPrefix(r.URL.Path, "/"))
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Write(f)
	})))
	t.Cleanup(library.Close)
	direct := &gate{Server: &proxytest.Server{Addr: library.Listener.Addr().String()}}

	grant := middleware.Grant{Expires: time.Now().Add(time.Hour)}
	link, err := links.Sign("/reports/q1.pdf", grant)
	if err != nil {
		t.Fatal(err)
	}
	prefix, err := links.SignPrefix("/reports/", grant)
	if err != nil {
		t.Fatal(err)
	}
	hostLink, err := links.Sign("http://example.test/reports/q1.pdf", middleware.Grant{Expires: grant.Expires, ThisHost: true})
	if err != nil {
		t.Fatal(err)
	}
	ptoken, _, _ := strings.Cut(strings.TrimPrefix(prefix, "/~"), "/")
	words := strings.NewReplacer("PREFIX", prefix, "PTOKEN", ptoken, "HOSTLINK", strings.TrimPrefix(hostLink, "http://example.test"), "LINK", link, "TOKEN", strings.TrimPrefix(link, "/reports/q1.pdf?dv="), "LONG", strings.Repeat("a", 5000))
	in, n := 0, 0
	for line := range strings.Lines(strings.TrimSpace(hostile)) {
		n++
		request := strings.ReplaceAll(words.Replace(strings.TrimSuffix(line, "\n")), "|", "\r\n") +
			"\r\nHost: example.test\r\nX-Now: " + strconv.FormatInt(time.Now().Unix(), 10) + "\r\nConnection: close\r\n\r\n"
		want, wantBody := direct.raw(t, request)
		got, gotBody := g.raw(t, request)
		letIn := func(resp *http.Response) bool {
			return resp.StatusCode < 400 && resp.StatusCode != 301 && resp.StatusCode != 307
		}
		if want.StatusCode == 404 && got.StatusCode == 404 { // let in, but there is no such file
			continue
		}
		if letIn(want) != letIn(got) || got.StatusCode >= 500 {
			t.Errorf("%s: nginx %s (%s), middleware %s", line, got.Status, got.Header.Get("X-Reason"), want.Status)
			continue
		}
		if letIn(got) {
			in++
			if got.StatusCode == 200 && gotBody != wantBody || strings.Contains(gotBody, "another") {
				t.Errorf("%s: nginx sends %q, middleware %q", line, gotBody, wantBody)
			}
		}
	}
	if n < 120 || in < 12 {
		t.Errorf("%d requests, %d let in", n, in)
	}
}
