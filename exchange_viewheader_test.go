package downloadview

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// answerBelow returns the status and header of the answer for resp. The writer already
// has the fields outside, as if middleware set them.
func answerBelow(outside http.Header, resp Response, request ...string) (int, http.Header) {
	w := httptest.NewRecorder()
	for key, values := range outside {
		w.Header()[key] = slices.Clone(values)
	}
	r := httptest.NewRequest("GET", "/", nil)
	for i := 0; i < len(request); i += 2 {
		r.Header.Add(request[i], request[i+1])
	}
	NewHandler(fileResponse(resp), &Options{Logger: discard}).ServeHTTP(w, r)
	return w.Code, w.Header()
}

// spelled returns a header with these keys, without making them canonical.
func spelled(fields ...string) http.Header {
	h := http.Header{}
	for i := 0; i < len(fields); i += 2 {
		h[fields[i]] = []string{fields[i+1]}
	}
	return h
}

// count returns how many values a field has in all spellings.
func count(h http.Header, canonical string) (n int) {
	for key, values := range h {
		if http.CanonicalHeaderKey(key) == canonical {
			n += len(values)
		}
	}
	return n
}

// waysOut are the ways in which a response with a Header is answered.
var waysOut = map[string]struct {
	respond func(Response) Response
	request []string
	status  int
}{
	"streamed": {func(r Response) Response { return r }, nil, 200},
	"range":    {func(r Response) Response { return r }, []string{"Range", "bytes=0-0"}, 206},
	"ranges":   {func(r Response) Response { return r }, []string{"Range", "bytes=0-0,5-5"}, 206},
	"304":      {func(r Response) Response { return r }, []string{"If-None-Match", `"v1"`}, 304},
	"304 by the view's tag": {func(r Response) Response {
		r.ETag = `"v"`
		return r
	}, []string{"If-None-Match", `"v"`}, 304},
	"written by itself": {func(r Response) Response {
		r.File = FromString("a.bin", strings.Repeat("x", 9000), nil)
		return r
	}, nil, 200},
	"handed over": {func(r Response) Response {
		r.Offloader = everything{likeNginx}
		return r
	}, nil, 200},
	"redirected": {func(r Response) Response {
		r.File, r.Offloader = signedObject{newObject("0123456789"), nil}, linking{status: 302}
		return r
	}, nil, 302},
}

// A view's field that is a list is added to the outer handler's one; any other field
// replaces it.
func TestFieldsFromOutside(t *testing.T) {
	outside := http.Header{
		"Vary":                          {"Accept-Encoding"},
		"Link":                          {"</a>; rel=preload"},
		"Set-Cookie":                    {"session=1"},
		"Server-Timing":                 {"auth;dur=1"},
		"Access-Control-Expose-Headers": {"Etag"},
		"Timing-Allow-Origin":           {"https://a.test"},
		"X-Robots-Tag":                  {"noindex"},
		"Access-Control-Allow-Origin":   {"https://a.test"},
		"X-Job":                         {"outside"},
		"X-Outside":                     {"kept"},
		"Referrer-Policy":               {"no-referrer"},
		"X-Frame-Options":               {"DENY"},
		"Cross-Origin-Resource-Policy":  {"cross-origin"},
		"Strict-Transport-Security":     {"max-age=31536000"},
	}
	view := http.Header{
		"vary":                          {"Cookie", "accept-encoding"},
		"Link":                          {"</b>; rel=preload"},
		"set-cookie":                    {"seen=1"},
		"Server-Timing":                 {"view;dur=2"},
		"access-control-expose-headers": {"X-Job"},
		"Timing-Allow-Origin":           {"https://b.test"},
		"X-Robots-Tag":                  {"noarchive"},
		"Access-Control-Allow-Origin":   {"https://b.test"},
		"x-job":                         {"view"},
		"Referrer-Policy":               {"unsafe-url"},
		"X-Frame-Options":               {"SAMEORIGIN"},
		"cross-origin-resource-policy":  {"same-site"},
		"Strict-Transport-Security":     {"max-age=0"},
	}
	want := map[string][]string{
		"Vary":                          {"Accept-Encoding", "Cookie", "accept-encoding"},
		"Link":                          {"</a>; rel=preload", "</b>; rel=preload"},
		"Set-Cookie":                    {"session=1", "seen=1"},
		"Server-Timing":                 {"auth;dur=1", "view;dur=2"},
		"Access-Control-Expose-Headers": {"Etag", "X-Job"},
		"Timing-Allow-Origin":           {"https://a.test", "https://b.test"},
		"X-Robots-Tag":                  {"noindex", "noarchive"},
		"Access-Control-Allow-Origin":   {"https://b.test"},
		"X-Job":                         {"view"},
		"X-Outside":                     {"kept"},
		"Referrer-Policy":               {"no-referrer"},
		"X-Frame-Options":               {"DENY"},
		"Cross-Origin-Resource-Policy":  {"same-site"},
		"Strict-Transport-Security":     {"max-age=31536000"},
	}
	before := view.Clone()
	for name, way := range waysOut {
		t.Run(name, func(t *testing.T) {
			status, h := answerBelow(outside, way.respond(Response{File: newObject("0123456789"), Header: view}), way.request...)
			if status != way.status {
				t.Fatalf("status %d, want %d", status, way.status)
			}
			for key, values := range want {
				got := h[key]
				if name == "handed over" && key != "Set-Cookie" { // a proxy gets a list in one line
					values = []string{strings.Join(values, ", ")}
				}
				if !slices.Equal(got, values) {
					t.Errorf("%s: %q, want %q", key, got, values)
				}
			}
			for key := range h {
				if http.CanonicalHeaderKey(key) != key {
					t.Errorf("the field %q", key)
				}
			}
		})
	}
	if !maps.EqualFunc(view, before, slices.Equal) {
		t.Errorf("the view's header has become %v", view)
	}
}

// A field that is a list in the Header of an error is added to the outer handler's one.
func TestFieldsOfAnErrorFromOutside(t *testing.T) {
	w := httptest.NewRecorder()
	w.Header()["Vary"] = []string{"Accept-Encoding"}
	w.Header()["Set-Cookie"] = []string{"session=1"}
	refuse := ViewFunc(func(*http.Request) (Response, error) {
		return Response{}, &StatusError{Status: 401, Header: spelled("vary", "Authorization", "Www-Authenticate", "Bearer", "Set-Cookie", "seen=1")}
	})
	NewHandler(refuse, &Options{Logger: discard}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	for key, want := range map[string][]string{
		"Vary": {"Accept-Encoding", "Authorization"}, "Set-Cookie": {"session=1", "seen=1"}, "Www-Authenticate": {"Bearer"},
	} {
		if got := w.Header()[key]; !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}

// If a Header has several spellings of one field, the canonical one is used.
func TestSpellingsOfAField(t *testing.T) {
	for range 20 { // the iteration order of a map varies
		h := http.Header{"x-a": {"1"}, "X-A": {"2"}, "X-a": {"3"}}
		if _, got := answerBelow(nil, Response{File: newObject("x"), Header: h}); !slices.Equal(got["X-A"], []string{"2"}) {
			t.Fatalf("X-A: %q, want 2", got["X-A"])
		}
	}
	resp := Response{Header: spelled("vary", "Cookie")}.WithHeader("Vary", "Accept")
	if _, got := answerBelow(nil, Response{File: newObject("x"), Header: resp.Header}); !slices.Equal(got["Vary"], []string{"Accept"}) {
		t.Errorf("Vary after WithHeader: %q, want what it was given", got["Vary"])
	}
	encoded := Response{File: newObject("x"), Header: spelled("content-encoding", "gzip"), Offloader: everything{likeNginx}}
	if _, got := answerBelow(nil, encoded); got.Get("X-Accel-Redirect") != "" || got.Get("Content-Encoding") != "gzip" {
		t.Errorf("a body that the view has encoded: %v, want it streamed", got)
	}
	if _, got := answerBelow(nil, Response{File: newObject("x"), Header: encoded.Header}, "If-None-Match", `"v1"`); count(got, "Content-Encoding") > 0 {
		t.Errorf("a 304 has fields of a body: %v", got)
	}
	terms := &Terms{Private: []PrivateField{{"Expires", "X-Download-Expires"}}}
	hidden := Response{File: newObject("x"), Header: spelled("expires", "0"), Offloader: everything{proxy{Handover{Field: "X-Accel-Redirect", Terms: terms}}}}
	if _, got := answerBelow(nil, hidden); !slices.Equal(got["X-Download-Expires"], []string{"0"}) || count(got, "Expires") > 0 {
		t.Errorf("a private field: %v", got)
	}
}

// A length, tag, time or range that an outer handler set is not sent, and a hand-over
// doesn't send those of the view's Header either.
func TestFactsFromOutside(t *testing.T) {
	outside := http.Header{
		"Content-Length": {"99"}, "Content-Range": {"bytes 0-1/2"}, "Accept-Ranges": {"none"}, "Etag": {`"outer"`}, "Last-Modified": {"Thu, 01 Jan 2026 00:00:00 GMT"},
	}
	unknown := newObject(strings.Repeat("0123456789", 900))
	unknown.Size, unknown.ETag, unknown.ModTime = -1, "", time.Time{}
	for name, resp := range map[string]Response{
		"streamed":                        {File: plainFile{unknown}},
		"written by itself":               {File: FromFunc("a", func(_ context.Context, w io.Writer) error { _, err := io.WriteString(w, "x"); return err }, nil)},
		"handed over":                     {File: unknown, Offloader: everything{likeNginx}},
		"handed over with the view's":     {File: unknown, Offloader: everything{likeNginx}, Header: http.Header{"content-length": {"99"}, "Content-Range": {"bytes 0-1/2"}, "accept-ranges": {"none"}}},
		"streamed with the view's":        {File: plainFile{unknown}, Header: http.Header{"content-range": {"bytes 0-1/2"}}},
		"redirected":                      {File: signedObject{unknown, nil}, Offloader: linking{status: 302}},
		"redirected with the view's":      {File: signedObject{unknown, nil}, Offloader: linking{status: 302}, Header: outside},
		"not modified, by the view's tag": {File: unknown, ETag: `"v"`},
	} {
		_, h := answerBelow(outside, resp, "If-None-Match", `"v"`)
		for key := range outside {
			if got := h[key]; len(got) > 0 && !(name == "not modified, by the view's tag" && got[0] == `"v"`) && !(key == "Content-Length" && got[0] == "0") {
				t.Errorf("%s: %s %q", name, key, got)
			}
		}
	}
}

// Fields of an outer handler mean the same under keys that are not canonical, as "ETag".
func TestKeysFromOutside(t *testing.T) {
	outside := spelled("ETag", `"outer"`, "content-type", "text/html", "content-length", "5", "CONTENT-DISPOSITION", "inline",
		"cache-control", "no-store", "x-content-type-options", "none", "x-frame-options", "deny", "X-XSRF-Token", "x")
	file := newLocalFile(t, "a.txt", "0123456789")
	for name, resp := range map[string]Response{
		"streamed":     {File: file},
		"handed over":  {File: file, Offloader: everything{likeNginx}},
		"redirected":   {File: signedObject{newObject("x"), nil}, Offloader: linking{status: 302}},
		"not modified": {File: file, ETag: `"v"`},
		"missing":      {},
	} {
		if resp.File != nil {
			resp.Header = http.Header{"X-Frame-Options": {"sameorigin"}}
		}
		_, h := answerBelow(outside, resp, "If-None-Match", `"v"`)
		for key := range outside {
			if n := count(h, http.CanonicalHeaderKey(key)); n > 1 {
				t.Errorf("%s: %s %d times: %v", name, key, n, h)
			}
		}
		if got := h.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s: Cache-Control %q", name, got)
		}
		if got := h.Get("X-Frame-Options"); got != "deny" {
			t.Errorf("%s: X-Frame-Options %q", name, got)
		}
		if other := "X-XSRF-Token"; h[other] == nil {
			t.Errorf("%s: a field that is not concerned has another key: %v", name, h)
		}
		_, h = answerBelow(spelled("vary", "Origin", "Vary", "Cookie"), resp, "If-None-Match", `"v"`)
		if got := strings.Join(h["Vary"], ", "); !strings.Contains(got, "Origin") || !strings.Contains(got, "Cookie") {
			t.Errorf("%s: of two keys of one field, Vary %q", name, got)
		}
	}
}

// The fields of another connection, which a copied header of an origin has, are left out. A
// client of HTTP/2 refuses an answer with them, and one of HTTP/1 gets no length.
func TestFieldsOfAnotherConnection(t *testing.T) {
	view := spelled("Keep-Alive", "timeout=5", "proxy-connection", "keep-alive", "Transfer-Encoding", "gzip, chunked", "upgrade", "h2c", "X-Job", "view")
	for name, way := range waysOut {
		resp := way.respond(Response{File: newObject("0123456789"), Header: view})
		status, h := answerBelow(http.Header{"Upgrade": {"outside"}}, resp, way.request...)
		if status != way.status || h.Get("X-Job") != "view" {
			t.Errorf("%s: %d %v, want %d", name, status, h, way.status)
		}
		for _, key := range []string{"Keep-Alive", "Proxy-Connection", "Transfer-Encoding"} {
			if count(h, key) > 0 {
				t.Errorf("%s: %s: %q", name, key, h[key])
			}
		}
		if got := h["Upgrade"]; !slices.Equal(got, []string{"outside"}) {
			t.Errorf("%s: Upgrade %q, want that of outside", name, got)
		}
	}
	w := httptest.NewRecorder()
	refused := &StatusError{Status: 426, Header: http.Header{"Upgrade": {"HTTP/3.0"}}}
	NewHandler(fileView(unopenable{refused}), &Options{Logger: discard}).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if got := w.Header().Get("Upgrade"); got != "HTTP/3.0" {
		t.Errorf("426: Upgrade %q, want that of the error", got)
	}
}

// The digest of a whole body, which a view or its origin has given, doesn't stand in an answer
// with a part: clients that check it took the part for damaged.
func TestDigestsOfTheBodyWithAPart(t *testing.T) {
	view := spelled("Content-MD5", "eB5eJF1ptWaXm4bijSPyxw==", "Content-Digest", "sha-256=:AAAA:", "Repr-Digest", "sha-256=:BBBB:")
	for name, wants := range map[string]int{"streamed": 1, "range": 0, "ranges": 0, "304": 0} {
		way := waysOut[name]
		status, h := answerBelow(nil, way.respond(Response{File: newObject("0123456789"), Header: view}), way.request...)
		if status != way.status || count(h, "Content-Md5") != wants || count(h, "Content-Digest") != wants || count(h, "Repr-Digest") != 1 {
			t.Errorf("%s: %d %v, want %d and %d digests of the body", name, status, h, way.status, wants)
		}
	}
}
