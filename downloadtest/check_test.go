package downloadtest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/downloadtest"
)

// recorder is a TB that keeps its messages.
type recorder struct{ messages []string }

func (r *recorder) Helper() {}
func (r *recorder) Errorf(format string, args ...any) {
	r.messages = append(r.messages, fmt.Sprintf(format, args...))
}

// want compares the messages of a check.
func (r *recorder) want(t *testing.T, messages ...string) {
	t.Helper()
	if !slices.Equal(r.messages, messages) {
		t.Errorf("messages:\n\t%s\nwant:\n\t%s", strings.Join(r.messages, "\n\t"), strings.Join(messages, "\n\t"))
	}
}

var (
	_ downloadtest.TB = (*testing.T)(nil)
	_ downloadtest.TB = (*testing.B)(nil)
	_ downloadtest.TB = (*testing.F)(nil)
)

// answer returns a response as a server sends it; fields are "Name: value".
func answer(status int, body string, fields ...string) *http.Response {
	h := http.Header{}
	for _, field := range fields {
		key, value, _ := strings.Cut(field, ": ")
		h.Add(key, value)
	}
	return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
}

// good returns an answer that has no difference from fine.
func good() *http.Response {
	return answer(200, "0123456789",
		`Content-Disposition: attachment; filename="_rger 50_.txt"; filename*=UTF-8''%C3%84rger%2050%25.txt`,
		"Content-Type: text/plain; charset=utf-8", "Content-Length: 10", "Cache-Control: private", "Link: <a>", "Link: <b>")
}

var fine = downloadtest.Download{
	Status:      200,
	Name:        "Ärger 50%.txt",
	Disposition: downloadtest.Attachment,
	Type:        "text/plain",
	Content:     "0123456789",
	Streamed:    true,
	Header:      map[string]string{"Cache-Control": "private", "link": "<a>, <b>", "X-Frame-Options": ""},
}

func TestFine(t *testing.T) {
	resp := good()
	for range 2 { // the body is put back
		var r recorder
		downloadtest.Check(&r, resp, fine)
		r.want(t)
	}
	var r recorder
	downloadtest.Check(&r, good(), downloadtest.Download{})
	r.want(t)
}

func TestEachFact(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*http.Response)
		want   string
	}{
		{"status", func(r *http.Response) { r.StatusCode = 404 }, "status: got 404, want 200"},
		{
			"name", func(r *http.Response) { r.Header.Set("Content-Disposition", `attachment; filename="x.txt"`) },
			`name: got "x.txt", want "Ärger 50%.txt"`,
		},
		{
			"no name", func(r *http.Response) { r.Header.Set("Content-Disposition", "attachment") },
			`name: got none, want "Ärger 50%.txt"`,
		},
		{
			"disposition", func(r *http.Response) {
				r.Header.Set("Content-Disposition", strings.Replace(r.Header.Get("Content-Disposition"), "attachment", "inline", 1))
			},
			`disposition: got "inline", want "attachment"`,
		},
		{
			"broken disposition", func(r *http.Response) { r.Header.Set("Content-Disposition", `attachment; filename="x`) },
			`disposition: got "attachment; filename=\"x", which can't be read: mime: invalid media parameter`,
		},
		{"type", func(r *http.Response) { r.Header.Set("Content-Type", "text/html") }, `type: got "text/html", want "text/plain"`},
		{"no type", func(r *http.Response) { r.Header.Del("Content-Type") }, `type: got none, want "text/plain"`},
		{
			"content", func(r *http.Response) { r.Body = io.NopCloser(strings.NewReader("01234x6789")) },
			`content: got 10 bytes, want 10; from byte 5 on: got "x6789", want "56789"`,
		},
		{
			"header", func(r *http.Response) { r.Header.Set("Cache-Control", "public") },
			`header Cache-Control: got "public", want "private"`,
		},
		{"no header", func(r *http.Response) { r.Header.Del("Cache-Control") }, `header Cache-Control: got none, want "private"`},
		{"one of two", func(r *http.Response) { r.Header.Set("Link", "<a>") }, `header link: got "<a>", want "<a>, <b>"`},
		{
			"a header too many", func(r *http.Response) { r.Header["X-Frame-Options"] = []string{""} },
			`header X-Frame-Options: got "", want none`,
		},
		{
			"length", func(r *http.Response) { r.Header.Set("Content-Length", "11") },
			"content: got 10 bytes, but Content-Length is 11",
		},
		{
			"broken off", func(r *http.Response) {
				r.Body = io.NopCloser(io.MultiReader(strings.NewReader("0123"), iotest.ErrReader(io.ErrUnexpectedEOF)))
			},
			"content: breaks off after 4 bytes: unexpected EOF",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp := good()
			c.change(resp)
			for range 2 {
				var r recorder
				downloadtest.Check(&r, resp, fine)
				r.want(t, c.want)
			}
		})
	}
}

func TestFactsApart(t *testing.T) {
	var r recorder
	downloadtest.Check(&r, answer(404, "Not Found\n", "Content-Type: text/plain"), downloadtest.Download{
		Name: "a", Disposition: downloadtest.Inline, Type: "image/png", Content: strings.Repeat("x", 30),
		Header: map[string]string{"E": "1", "D": "1", "C": "1", "B": "1", "A": "1"},
	})
	r.want(t,
		"status: got 404, want 200",
		`name: got none, want "a"`,
		`disposition: got none, want "inline"`,
		`type: got "text/plain", want "image/png"`,
		`content: got 10 bytes, want 30; from byte 0 on: got "Not Found\n", want "xxxxxxxxxxxxxxxxxxxx"…`,
		`header A: got none, want "1"`,
		`header B: got none, want "1"`,
		`header C: got none, want "1"`,
		`header D: got none, want "1"`,
		`header E: got none, want "1"`,
	)
}

func TestContent(t *testing.T) {
	for _, c := range []struct {
		got  string
		want downloadtest.Download
		said []string
	}{
		{"", downloadtest.Download{Content: "abc"}, []string{"content: got none, want 3 bytes"}},
		{"ab", downloadtest.Download{Content: "abc"}, []string{`content: got 2 bytes, want 3; from byte 2 on: got the end, want "c"`}},
		{"abcd", downloadtest.Download{Content: "abc"}, []string{`content: got 4 bytes, want 3; from byte 3 on: got "d", want the end`}},
		{"abcd", downloadtest.Download{Empty: true}, []string{"content: got 4 bytes, want none"}},
		{"", downloadtest.Download{Empty: true}, nil},
	} {
		var r recorder
		downloadtest.Check(&r, answer(200, c.got), c.want)
		r.want(t, c.said...)
	}
}

func TestRange(t *testing.T) {
	part := func() *http.Response { return answer(206, "0123", "Content-Range: bytes 0-3/10", "Content-Length: 4") }
	var r recorder
	downloadtest.Check(&r, part(), downloadtest.Download{Range: "bytes 0-3/10", Content: "0123"})
	r.want(t)
	downloadtest.Check(&r, part(), downloadtest.Download{Range: "bytes 0-4/10"})
	downloadtest.Check(&r, part(), downloadtest.Download{Content: "0123"})
	downloadtest.Check(&r, answer(200, "0123456789"), downloadtest.Download{Range: "bytes 0-3/10"})
	r.want(t,
		`range: got "bytes 0-3/10", want "bytes 0-4/10"`,
		"status: got 206, want 200",
		"status: got 200, want 206",
		`range: got none, want "bytes 0-3/10"`,
	)
}

func TestTypes(t *testing.T) {
	for _, c := range []struct {
		got, want string
		same      bool
	}{
		{"text/plain; charset=utf-8", "text/plain", true},
		{"text/plain; charset=utf-8", "text/plain; charset=utf-8", true},
		{"text/plain;charset=UTF-8", "text/plain; charset=utf-8", true},
		{"Text/Plain", "text/plain", true},
		{"text/plain", "text/plain; charset=utf-8", false},
		{"text/plain; charset=iso-8859-1", "text/plain; charset=utf-8", false},
		{"multipart/byteranges; boundary=a", "multipart/byteranges; boundary=A", false},
		{"multipart/byteranges; boundary=a", "multipart/byteranges", true},
		{"text/plain; =", "text/plain", false},
		{"text/plain", "text/plain; =", false},
		{"odd", "odd", true},
	} {
		var r recorder
		downloadtest.Check(&r, answer(200, "", "Content-Type: "+c.got), downloadtest.Download{Type: c.want})
		if (len(r.messages) == 0) != c.same {
			t.Errorf("type %q where %q is wanted: %q, want it to pass: %t", c.got, c.want, r.messages, c.same)
		}
	}
}

func TestLocations(t *testing.T) {
	const escaped = "X-Accel-Redirect: /_m/tea%20%26%20cake%3F.pdf"
	for _, c := range []struct {
		name string
		resp *http.Response
		want downloadtest.Download
		said []string
	}{
		{"decoded", answer(200, "", escaped), downloadtest.Download{Location: "/_m/tea & cake?.pdf"}, nil},
		{"raw", answer(200, "", escaped), downloadtest.Download{RawLocation: "/_m/tea%20%26%20cake%3F.pdf"}, nil},
		{"with a query", answer(200, "", "X-Accel-Redirect: /a%20b?c%20d"), downloadtest.Download{Location: "/a b?c%20d"}, nil},
		{"badly escaped", answer(200, "", "X-Accel-Redirect: /a%zz"), downloadtest.Download{Location: "/a%zz"}, nil},
		{"Apache's", answer(200, "", "X-Sendfile: /srv/100%25"), downloadtest.Download{Location: "/srv/100%25"}, nil},
		{"lighttpd's", answer(200, "", "X-LIGHTTPD-send-file: /srv/x"), downloadtest.Download{Location: "/srv/x"}, nil},
		{
			"other", answer(200, "", escaped),
			downloadtest.Download{Location: "/_m/x", RawLocation: "/_m/x"},
			[]string{
				`location: got "/_m/tea & cake?.pdf", want "/_m/x"`,
				`raw location: got "/_m/tea%20%26%20cake%3F.pdf", want "/_m/x"`,
			},
		},
		{
			"none", answer(200, "bytes"),
			downloadtest.Download{Location: "/_m/x", RawLocation: "/_m/x"},
			[]string{`location: got none, want "/_m/x"`, `raw location: got none, want "/_m/x"`},
		},
		{
			"unwanted", answer(200, "", escaped),
			downloadtest.Download{Streamed: true},
			[]string{`location: got "/_m/tea & cake?.pdf" (X-Accel-Redirect), want it streamed`},
		},
		{
			"in place of content", answer(200, "", escaped),
			downloadtest.Download{Content: "abc"},
			[]string{
				`location: got "/_m/tea & cake?.pdf" (X-Accel-Redirect), want it streamed`,
				"content: got none, want 3 bytes",
			},
		},
		{
			"two", answer(200, "", "X-Accel-Redirect: /a", "X-Accel-Redirect: /b", "X-Sendfile: /c"),
			downloadtest.Download{Location: "/a"},
			[]string{
				`location: got X-Accel-Redirect "/b" besides X-Accel-Redirect "/a", want one`,
				`location: got X-Sendfile "/c" besides X-Accel-Redirect "/a", want one`,
			},
		},
		{
			"of a refusal", answer(403, "", "X-Accel-Redirect: /a"),
			downloadtest.Download{Status: 403},
			[]string{"location: got one with status 403, want none: the proxy would send the file"},
		},
		{
			"with a body", answer(200, "abc", "X-Accel-Redirect: /a", "Content-Length: 3", "Content-Range: bytes 0-2/3"),
			downloadtest.Download{},
			[]string{
				"content: got 3 bytes beside a location, want none",
				`header Content-Length: got "3" beside a location, want none`,
				`header Content-Range: got "bytes 0-2/3" beside a location, want none`,
			},
		},
		{
			"with a length", answer(200, "", "X-Accel-Redirect: /a", "Content-Length: 3"),
			downloadtest.Download{},
			[]string{`header Content-Length: got "3" beside a location, want none`},
		},
		{"with a length of 0", answer(200, "", "X-Accel-Redirect: /a", "Content-Length: 0"), downloadtest.Download{}, nil},
		{
			"with a rate", answer(200, "", "X-Accel-Redirect: /a", "X-Accel-Limit-Rate: 1024"),
			downloadtest.Download{Header: map[string]string{"X-Accel-Limit-Rate": "2048"}},
			[]string{`header X-Accel-Limit-Rate: got "1024", want "2048"`},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r recorder
			downloadtest.Check(&r, c.resp, c.want)
			r.want(t, c.said...)
		})
	}
}

func TestNothingToCheck(t *testing.T) {
	var r recorder
	downloadtest.Check(&r, nil, downloadtest.Download{})
	r.want(t, "answer: got nil")
	r = recorder{}
	downloadtest.Check(&r, &http.Response{StatusCode: 200}, downloadtest.Download{Empty: true})
	r.want(t)
}

func TestHeadHasALengthAndNoBody(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Length", "10") })
	var r recorder
	downloadtest.Check(&r, downloadtest.Do(h, "HEAD", "/"), downloadtest.Download{Empty: true})
	r.want(t)
	downloadtest.Check(&r, downloadtest.Do(h, "GET", "/"), downloadtest.Download{Empty: true})
	r.want(t, "content: got 0 bytes, but Content-Length is 10")
}

func TestRecord(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprint(w, r.Method, " ", r.URL, " ", r.Host, " ", r.Header.Values("X-A"), string(body))
	})
	resp := downloadtest.Do(h, "PUT", "/a?b", "X-A: 1", "x-a:2", "Host: example.org")
	if got, err := io.ReadAll(resp.Body); string(got) != "PUT /a?b example.org [1 2]" || err != nil {
		t.Errorf("the handler saw %q, %v", got, err)
	}
	defer func() {
		if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), `"Range bytes=0-3"`) {
			t.Errorf("a field without a colon: panic is %v, want one that names it", p)
		}
	}()
	downloadtest.Do(h, "GET", "/", "Range bytes=0-3")
}

func TestAborted(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "half")
		panic(http.ErrAbortHandler)
	})
	var r recorder
	downloadtest.Check(&r, downloadtest.Do(h, "GET", "/"), downloadtest.Download{})
	r.want(t, "content: breaks off after 4 bytes: unexpected EOF")

	broken := errors.New("a handler's own")
	defer func() {
		if p := recover(); p != broken {
			t.Errorf("panic is %v, want the handler's own", p)
		}
	}()
	downloadtest.Do(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(broken) }), "GET", "/")
}

// The request comes from a live server. An aborted answer gives an error to the
// reader of its body, and the calling handler goes on.
func TestRecordInAHandler(t *testing.T) {
	h := downloadview.NewHandler(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromFunc("a", func(_ context.Context, w io.Writer) error {
			io.WriteString(w, strings.Repeat("a", 10_000))
			return errors.New("broken")
		}, nil)}, nil
	}), &downloadview.Options{Logger: slog.New(slog.DiscardHandler)})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(downloadtest.Record(h, r).Body)
		io.WriteString(w, err.Error())
	}))
	defer srv.Close()
	resp, err := srv.Client().Get(srv.URL)
	if err != nil {
		t.Fatalf("%v, want an answer", err)
	}
	defer resp.Body.Close()
	if got, err := io.ReadAll(resp.Body); err != nil || string(got) != io.ErrUnexpectedEOF.Error() {
		t.Errorf("%q, %v; want %q", got, err, io.ErrUnexpectedEOF)
	}
}
