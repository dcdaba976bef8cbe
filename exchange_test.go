package downloadview

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

func fileView(f File) View {
	return ViewFunc(func(*http.Request) (Response, error) { return Response{File: f}, nil })
}

func serve(t testing.TB, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

// An exchanged is an answer that was read to its end.
type exchanged struct {
	status int
	header http.Header
	body   string
	err    error
}

func ask(t testing.TB, url, method string, fields ...string) exchanged {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "identity")
	for i := 0; i < len(fields); i += 2 {
		req.Header.Add(fields[i], fields[i+1])
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return exchanged{err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return exchanged{resp.StatusCode, resp.Header, string(body), err}
}

func TestStream(t *testing.T) {
	const digits = "0123456789"
	tag := fmt.Sprintf(`"%x-%x"`, changed.UnixNano(), len(digits))
	date := changed.Format(http.TimeFormat)
	earlier := changed.Add(-1e9).Format(http.TimeFormat)
	s := serve(t, NewHandler(fileView(newLocalFile(t, "a b.txt", digits)), nil))
	for _, tt := range []struct {
		name    string
		method  string
		request []string
		status  int
		want    []string // fields; an empty value: must not be there
		body    string
	}{
		{"whole", "GET", nil, 200, []string{
			"Content-Type", "text/plain; charset=utf-8", "Content-Disposition", `attachment; filename="a b.txt"`,
			"Content-Length", "10", "Etag", tag, "Last-Modified", date, "Accept-Ranges", "bytes",
			"Cache-Control", "private, no-cache", "X-Content-Type-Options", "nosniff", "Content-Security-Policy", "",
		}, digits},
		{"head", "HEAD", nil, 200, []string{
			"Content-Length", "10", "Etag", tag, "Accept-Ranges", "bytes",
			"Content-Disposition", `attachment; filename="a b.txt"`,
		}, ""},
		{"head ignores range", "HEAD", []string{"Range", "bytes=0-1"}, 200, []string{"Content-Length", "10", "Content-Range", ""}, ""},
		{"post", "POST", nil, 405, []string{"Allow", "GET, HEAD", "Etag", ""}, "Method Not Allowed\n"},
		{"range", "GET", []string{"Range", "bytes=2-4"}, 206, []string{
			"Content-Range", "bytes 2-4/10", "Content-Length", "3", "Etag", tag, "Content-Type", "text/plain; charset=utf-8",
		}, "234"},
		{"open range", "GET", []string{"Range", "bytes=7-"}, 206, []string{"Content-Range", "bytes 7-9/10"}, "789"},
		{"suffix", "GET", []string{"Range", "bytes=-2"}, 206, []string{"Content-Range", "bytes 8-9/10"}, "89"},
		{"long suffix", "GET", []string{"Range", "bytes=-20"}, 206, []string{"Content-Range", "bytes 0-9/10"}, digits},
		{"past the end", "GET", []string{"Range", "bytes=5-100"}, 206, []string{"Content-Range", "bytes 5-9/10"}, "56789"},
		{"unit in capitals", "GET", []string{"Range", "Bytes=0-0"}, 206, []string{"Content-Range", "bytes 0-0/10"}, "0"},
		{"unknown unit", "GET", []string{"Range", "items=0-1"}, 200, []string{"Content-Range", ""}, digits},
		{"bad syntax", "GET", []string{"Range", "bytes=4-2"}, 200, []string{"Content-Range", ""}, digits},
		{"two lines", "GET", []string{"Range", "bytes=0-1", "Range", "bytes=2-3"}, 200, nil, digits},
		{"unsatisfiable", "GET", []string{"Range", "bytes=10-"}, 416, []string{
			"Content-Range", "bytes */10", "Etag", "", "Last-Modified", "", "Content-Disposition", "", "Accept-Ranges", "",
		}, "Requested Range Not Satisfiable\n"},
		{"suffix of nothing", "GET", []string{"Range", "bytes=-0"}, 416, []string{"Content-Range", "bytes */10"}, "Requested Range Not Satisfiable\n"},
		{"overlapping joined", "GET", []string{"Range", "bytes=1-2,2-4"}, 206, []string{"Content-Range", "bytes 1-4/10"}, "1234"},
		{"adjacent joined", "GET", []string{"Range", "bytes=3-4,1-2"}, 206, []string{"Content-Range", "bytes 1-4/10"}, "1234"},
		{"more than the file", "GET", []string{"Range", "bytes=0-,0-,0-"}, 200, []string{"Content-Range", ""}, digits},

		{"if-none-match", "GET", []string{"If-None-Match", tag}, 304, []string{
			"Etag", tag, "Cache-Control", "private, no-cache", "Last-Modified", "", "Content-Type", "",
			"Content-Length", "", "Content-Disposition", "", "Accept-Ranges", "", "X-Content-Type-Options", "",
		}, ""},
		{"if-none-match weak", "GET", []string{"If-None-Match", `"x", W/` + tag}, 304, nil, ""},
		{"if-none-match lines", "GET", []string{"If-None-Match", `"x"`, "If-None-Match", `"y", ` + tag}, 304, nil, ""},
		{"if-none-match star", "GET", []string{"If-None-Match", "*"}, 304, nil, ""},
		{"if-none-match other", "GET", []string{"If-None-Match", `"x"`}, 200, nil, digits},
		{"if-none-match wins over the date", "GET", []string{"If-None-Match", `"x"`, "If-Modified-Since", date}, 200, nil, digits},
		{"if-none-match head", "HEAD", []string{"If-None-Match", tag}, 304, nil, ""},
		{"if-match", "GET", []string{"If-Match", `"x",` + tag}, 200, nil, digits},
		{"if-match weak", "GET", []string{"If-Match", "W/" + tag}, 412, []string{"Etag", "", "Last-Modified", "", "Content-Disposition", ""}, "Precondition Failed\n"},
		{"if-match other lines", "GET", []string{"If-Match", `"x"`, "If-Match", tag}, 200, nil, digits},
		{"if-match before if-none-match", "GET", []string{"If-Match", `"x"`, "If-None-Match", tag}, 412, nil, "Precondition Failed\n"},
		{"if-modified-since", "GET", []string{"If-Modified-Since", date}, 304, nil, ""},
		{"if-modified-since earlier", "GET", []string{"If-Modified-Since", earlier}, 200, nil, digits},
		{"if-modified-since nonsense", "GET", []string{"If-Modified-Since", "yesterday"}, 200, nil, digits},
		{"if-modified-since twice", "GET", []string{"If-Modified-Since", date, "If-Modified-Since", date}, 200, nil, digits},
		{"if-unmodified-since", "GET", []string{"If-Unmodified-Since", date}, 200, nil, digits},
		{"if-unmodified-since earlier", "GET", []string{"If-Unmodified-Since", earlier}, 412, nil, "Precondition Failed\n"},
		{"if-range tag", "GET", []string{"Range", "bytes=0-1", "If-Range", tag}, 206, nil, "01"},
		{"if-range weak", "GET", []string{"Range", "bytes=0-1", "If-Range", "W/" + tag}, 200, nil, digits},
		{"if-range other", "GET", []string{"Range", "bytes=0-1", "If-Range", `"x"`}, 200, nil, digits},
		{"if-range date", "GET", []string{"Range", "bytes=0-1", "If-Range", date}, 206, nil, "01"},
		{"if-range other date", "GET", []string{"Range", "bytes=0-1", "If-Range", earlier}, 200, nil, digits},
		{"if-range and out of range", "GET", []string{"Range", "bytes=10-", "If-Range", `"x"`}, 200, nil, digits},
		{"304 before range", "GET", []string{"Range", "bytes=0-1", "If-None-Match", tag}, 304, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ask(t, s.URL, tt.method, tt.request...)
			if got.err != nil {
				t.Fatal(got.err)
			}
			if got.status != tt.status || got.body != tt.body {
				t.Errorf("%d %q, want %d %q", got.status, got.body, tt.status, tt.body)
			}
			for i := 0; i < len(tt.want); i += 2 {
				if v := strings.Join(got.header.Values(tt.want[i]), "|"); v != tt.want[i+1] {
					t.Errorf("%s: %q, want %q", tt.want[i], v, tt.want[i+1])
				}
			}
		})
	}
}

// With a hook that calls WriteError the answer is the same as without a hook.
func TestWriteErrorIsTheUsualAnswer(t *testing.T) {
	view := ViewFunc(func(*http.Request) (Response, error) {
		return Response{}, &StatusError{Status: http.StatusTooManyRequests, Header: http.Header{"Retry-After": {"3"}}}
	})
	hooked := func(w http.ResponseWriter, r *http.Request, status int, _ error) { WriteError(w, r, status) }
	for _, method := range []string{"GET", "HEAD", "POST"} {
		var answers [2]*httptest.ResponseRecorder
		var outcomes [2]Outcome
		for i, hook := range []func(http.ResponseWriter, *http.Request, int, error){nil, hooked} {
			observe := func(_ *http.Request, o Outcome) { outcomes[i] = o }
			answers[i] = httptest.NewRecorder()
			h := NewHandler(view, &Options{Error: hook, Observer: observe, Logger: discard})
			h.ServeHTTP(answers[i], httptest.NewRequest(method, "/", nil))
		}
		usual, got := answers[0], answers[1]
		if got.Code != usual.Code || !reflect.DeepEqual(got.Header(), usual.Header()) || got.Body.String() != usual.Body.String() {
			t.Errorf("%s: %d %v %q, want %d %v %q", method, got.Code, got.Header(), got.Body, usual.Code, usual.Header(), usual.Body)
		}
		if outcomes[0].Status != outcomes[1].Status || outcomes[0].Bytes != outcomes[1].Bytes || (outcomes[0].Bytes > 0) != (method != "HEAD") {
			t.Errorf("%s: outcomes %+v", method, outcomes)
		}
	}
}

// The Observer gets the status that an error hook has sent, which is 200 if the hook sets
// none, as in any handler.
func TestStatusOfErrorHook(t *testing.T) {
	for name, tt := range map[string]struct {
		hook   func(w http.ResponseWriter)
		status int
		body   string
	}{
		"writes":     {func(w http.ResponseWriter) { io.WriteString(w, "sorry") }, 200, "sorry"},
		"nothing":    {func(http.ResponseWriter) {}, 200, ""},
		"another":    {func(w http.ResponseWriter) { w.WriteHeader(410); io.WriteString(w, "gone") }, 410, "gone"},
		"early hint": {func(w http.ResponseWriter) { w.WriteHeader(103); w.WriteHeader(410) }, 410, ""},
		"twice":      {func(w http.ResponseWriter) { w.WriteHeader(410); w.WriteHeader(404) }, 410, ""},
		"too late":   {func(w http.ResponseWriter) { io.WriteString(w, "sorry"); w.WriteHeader(404) }, 200, "sorry"},
	} {
		t.Run(name, func(t *testing.T) {
			seen := make(chan Outcome, 1)
			s := httptest.NewUnstartedServer(NewHandler(fileView(localFile(t.TempDir()+"/missing")), &Options{
				Logger: discard, Observer: func(_ *http.Request, o Outcome) { seen <- o },
				Error: func(w http.ResponseWriter, _ *http.Request, _ int, _ error) { tt.hook(w) },
			}))
			s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0) // of the superfluous status
			s.Start()
			defer s.Close()
			got := ask(t, s.URL, "GET")
			if o := <-seen; got.status != tt.status || got.body != tt.body || o.Status != tt.status || o.Bytes != int64(len(tt.body)) {
				t.Errorf("got %d %q, outcome %+v; want %d %q", got.status, got.body, o, tt.status, tt.body)
			}
		})
	}
}
