package downloadview

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A stamping writer is like that of a session manager or a tracer: when the header is
// sent, it appends a value of its own request to every field.
type stamping struct {
	*httptest.ResponseRecorder
	stamp string
	done  bool
}

func (w *stamping) WriteHeader(status int) {
	w.finish()
	w.ResponseRecorder.WriteHeader(status)
}

func (w *stamping) finish() {
	if w.done {
		return
	}
	w.done = true
	h := w.Header()
	for key := range h {
		h[key] = append(h[key], w.stamp)
	}
}

// roomy returns values in a slice with more capacity than length.
func roomy(values ...string) []string {
	return append(make([]string, 0, len(values)+4), values...)
}

// A value that a request's outer writer appends to a field is in no other answer.
func TestNoRequestWritesIntoAnothersHeader(t *testing.T) {
	shared := http.Header{
		"Set-Cookie":                    roomy("a=1", "b=2", "c=3"),
		"Vary":                          roomy("Cookie"),
		"Link":                          roomy("</a>; rel=x"),
		"Content-Security-Policy":       roomy("default-src 'self'"),
		"Cross-Origin-Resource-Policy":  roomy("same-origin"),
		"Expires":                       roomy("Thu, 01 Jan 2026 00:00:00 GMT"),
		"X-Job":                         roomy("7"),
		"x-lower":                       roomy("8"),
		"Access-Control-Expose-Headers": roomy("Etag"),
	}
	local := newLocalFile(t, "a.txt", strings.Repeat("0123456789", 1000))
	handed := func(h Handover) Offloader { return everything{proxy{h}} }
	private := likeNginx.Handover
	private.Terms = &Terms{Tag: NginxTag, Private: []PrivateField{{"Expires", "X-Download-Expires"}, {"Vary", "X-Download-Vary"}}}
	refusing := &StatusError{Status: http.StatusForbidden, Header: shared}
	html := FromString("a.html", "<p>", nil)
	for _, tt := range []struct {
		name    string
		view    View
		options *Options
		method  string
		request []string
		status  int
	}{
		{"small", fileResponse(Response{File: newLocalFile(t, "b", "x"), Header: shared}), nil, "GET", nil, 200},
		{"large", fileResponse(Response{File: local, Header: shared}), nil, "GET", nil, 200},
		{"head", fileResponse(Response{File: local, Header: shared}), nil, "HEAD", nil, 200},
		{"range", fileResponse(Response{File: local, Header: shared}), nil, "GET", []string{"Range", "bytes=1-2"}, 206},
		{"ranges", fileResponse(Response{File: local, Header: shared}), nil, "GET", []string{"Range", "bytes=1-2,700-701"}, 206},
		{"written by itself", fileResponse(Response{File: FromString("a", strings.Repeat("x", 9000), nil), Header: shared}), nil, "GET", nil, 200},
		{"in a sandbox", fileResponse(Response{File: html, Header: shared, Disposition: InlineActive}), nil, "GET", nil, 200},
		{"not modified", fileResponse(Response{File: local, ETag: `"v"`, Header: shared}), nil, "GET", []string{"If-None-Match", `"v"`}, 304},
		{"not modified, with a hook", fileResponse(Response{File: local, ETag: `"v"`, Header: shared}), &Options{
			NotModified: func(w http.ResponseWriter, _ *http.Request) { w.Header().Add("Vary", "Origin") },
		}, "GET", []string{"If-None-Match", `"v"`}, 304},
		{"handed over", fileResponse(Response{File: local, Header: shared, Offloader: handed(likeNginx.Handover)}), nil, "GET", nil, 200},
		{"handed over under other names", fileResponse(Response{File: local, Header: shared, Offloader: handed(private)}), nil, "GET", nil, 200},
		{"redirected", fileResponse(Response{File: signedObject{newObject("x"), nil}, Header: shared, Offloader: linking{status: 302}}), nil, "GET", nil, 302},
		{"refused", ViewFunc(func(*http.Request) (Response, error) { return Response{}, refusing }), nil, "GET", nil, 403},
		{"refused, with a hook", ViewFunc(func(*http.Request) (Response, error) { return Response{}, refusing }), &Options{
			Error: func(w http.ResponseWriter, _ *http.Request, status int, _ error) {
				w.Header().Add("Vary", "Origin")
				w.WriteHeader(status)
			},
		}, "GET", nil, 403},
		{"method", fileResponse(Response{File: local}), nil, "POST", nil, 405},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := Options{Logger: discard}
			if tt.options != nil {
				o = *tt.options
				o.Logger = discard
			}
			h := NewHandler(tt.view, &o)
			answers := make([]*stamping, 16)
			var asking sync.WaitGroup
			for i := range answers {
				w := &stamping{ResponseRecorder: httptest.NewRecorder(), stamp: fmt.Sprintf("visitor-%d", i)}
				answers[i] = w
				asking.Go(func() {
					r := httptest.NewRequest(tt.method, "/", nil)
					for i := 0; i < len(tt.request); i += 2 {
						r.Header.Set(tt.request[i], tt.request[i+1])
					}
					h.ServeHTTP(w, r)
					w.finish() // of a hand-over nothing is written
				})
			}
			asking.Wait()
			for _, w := range answers {
				if w.Code != tt.status {
					t.Fatalf("status %d, want %d", w.Code, tt.status)
				}
				for key, values := range w.Header() {
					if n := len(values); n == 0 || values[n-1] != w.stamp || strings.Contains(strings.Join(values[:n-1], " "), "visitor") {
						t.Errorf("%s of %s: %q", key, w.stamp, values)
					}
				}
			}
		})
	}
	for key, values := range shared {
		for _, v := range values[len(values):cap(values)] {
			if v != "" {
				t.Errorf("%s of the view has %q behind its values %q", key, v, values)
			}
		}
	}
	if allow := errMethod.Header["Allow"]; !slices.Equal(allow[:cap(allow)], []string{"GET, HEAD"}) {
		t.Errorf("Allow has become %q", allow[:cap(allow)])
	}
}
