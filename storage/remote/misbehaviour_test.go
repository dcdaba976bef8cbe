package remote_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/remote"
)

func TestStatuses(t *testing.T) {
	for _, tt := range []struct {
		status int
		want   error
		client int // status for the client
	}{
		{404, fs.ErrNotExist, 404},
		{410, fs.ErrNotExist, 404},
		{401, fs.ErrNotExist, 404},
		{403, fs.ErrNotExist, 404},
		{414, fs.ErrInvalid, 404},
		{429, downloadview.ErrUpstream, 503},
		{503, downloadview.ErrUpstream, 503},
		{400, downloadview.ErrUpstream, 502},
		{405, downloadview.ErrUpstream, 502},
		{407, downloadview.ErrUpstream, 502},
		{418, downloadview.ErrUpstream, 502},
		{451, downloadview.ErrUpstream, 502},
		{500, downloadview.ErrUpstream, 502},
		{501, downloadview.ErrUpstream, 502},
		{502, downloadview.ErrUpstream, 502},
		{504, downloadview.ErrUpstream, 502},
		{599, downloadview.ErrUpstream, 502},
		{999, downloadview.ErrUpstream, 502},
		{204, downloadview.ErrUpstream, 502},
		{304, downloadview.ErrUpstream, 502},
		{300, downloadview.ErrUpstream, 502},
		{302, downloadview.ErrUpstream, 502}, // without Location
	} {
		s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(tt.status)
		})
		for name, open := range doors(t, file(t, s, "a")) {
			_, err := open()
			want, client := tt.want, tt.client
			if name == "Stat" && (tt.status == 401 || tt.status == 403) {
				want, client = fs.ErrPermission, 403 // it is only HEAD that is denied
			}
			if !errors.Is(err, want) || downloadview.StatusCode(err) != client {
				t.Errorf("%d for %s: %v and %d, want %v and %d", tt.status, name, err, downloadview.StatusCode(err), want, client)
			}
			var pe *fs.PathError
			if !errors.As(err, &pe) {
				t.Errorf("%d for %s: %T, want an fs.PathError", tt.status, name, err)
			}
			e, busy := errors.AsType[*downloadview.StatusError](err)
			if busy != (tt.client == 503) || busy && e.Header.Get("Retry-After") != "7" {
				t.Errorf("%d for %s: %#v, want Retry-After only of those that are busy", tt.status, name, e)
			}
			var open bool // whether GET, or GET without a range, may do better
			switch name {
			case "Stat":
				open = tt.status >= 400 && tt.client != 503 && !slices.Contains([]int{404, 410, 504}, tt.status)
			case "OpenRange":
				open = slices.Contains([]int{400, 405, 501}, tt.status)
			}
			if errors.Is(err, errors.ErrUnsupported) != open {
				t.Errorf("%d for %s: %v, want ErrUnsupported where it leaves open what a GET gets", tt.status, name, err)
			}
			lasting := tt.client == 502 && (tt.status >= 300 && tt.status < 500 || tt.status == 501)
			if errors.Is(err, downloadview.ErrRefused) != lasting {
				t.Errorf("%d for %s: %v, want ErrRefused where another try is of no use", tt.status, name, err)
			}
		}
	}
}

func TestRetryAfter(t *testing.T) {
	const date = "Fri, 02 Jan 2026 03:04:05 GMT"
	for sent, want := range map[string]string{"7": "7", date: date, "": "", "soon": "", "-1": "", "7; x": ""} {
		s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", sent)
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		_, err := file(t, s, "a").Open(t.Context())
		if e, ok := errors.AsType[*downloadview.StatusError](err); !ok || e.Header.Get("Retry-After") != want {
			t.Errorf("Retry-After %q becomes %v, want %q", sent, err, want)
		}
	}
}

// A 416 to a request without a range says nothing about a range.
func TestRangeThatNobodyAskedFor(t *testing.T) {
	f := fake(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestedRangeNotSatisfiable) })
	if _, err := file(t, f, "a").Open(t.Context()); !errors.Is(err, downloadview.ErrUpstream) || errors.Is(err, downloadview.ErrRange) {
		t.Errorf("Open: %v, want ErrUpstream for a 416 that nobody asked for", err)
	}
}

// Bodies that don't match the header.
func TestBadBodies(t *testing.T) {
	const part = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-3/10\r\n"
	for _, tt := range []struct {
		name   string
		answer string
		got    string
		short  bool
	}{
		{"shorter than its length", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123", "0123", true},
		{"chunks without an end", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n", "0123", true},
		{"half a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n0123", "0123", true},
		{"chunks of garbage", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n0123\r\nzz\r\n", "0123", false},
		{"part shorter than it says", part + "Connection: close\r\n\r\n012", "012", true},
		{"part longer than it says", part + "Connection: close\r\n\r\n01234", "0123", false},
		{"chunked part that is short", part + "Transfer-Encoding: chunked\r\n\r\n2\r\n01\r\n0\r\n\r\n", "01", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := file(t, below(t, raw(t, tt.answer), remote.Options{}), "a")
			open := f.Open
			if strings.HasPrefix(tt.answer, part) {
				open = func(ctx context.Context) (fs.File, error) {
					return f.(downloadview.RangeFile).OpenRange(ctx, 0, 4)
				}
			}
			h, err := open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			got, err := io.ReadAll(h)
			if string(got) != tt.got || !errors.Is(err, downloadview.ErrUpstream) || errors.Is(err, io.ErrUnexpectedEOF) != tt.short {
				t.Errorf("%q, %v, want %q, ErrUpstream and io.ErrUnexpectedEOF: %t", got, err, tt.got, tt.short)
			}
		})
	}
}

// Answers that aren't HTTP.
func TestGarbage(t *testing.T) {
	for name, answer := range map[string]string{
		"nothing":            "",
		"noise":              "SSH-2.0-OpenSSH_9.2 secret\r\n\r\n",
		"half a header":      "HTTP/1.1 200 OK\r\nContent-Le",
		"no number":          "HTTP/1.1 2OO OK\r\n\r\n",
		"field without name": "HTTP/1.1 200 OK\r\n: secret\r\n\r\n",
		"no field":           "HTTP/1.1 200 OK\r\nsecret\r\n\r\n",
		"no length":          "HTTP/1.1 200 OK\r\nContent-Length: secret\r\n\r\n",
		"two lengths":        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
		"negative length":    "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
		"other encoding":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: secret\r\n\r\n",
		"endless header":     "HTTP/1.1 200 OK\r\nX-Secret: " + strings.Repeat("secret", 1<<20) + "\r\n\r\n",
		"another protocol":   "HTTP/1.1 101 Switching Protocols\r\nUpgrade: secret\r\nConnection: Upgrade\r\n\r\n",
		"bad redirect":       "HTTP/1.1 302 Found\r\nLocation: http://u:secret@[h/\r\nContent-Length: 0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			for door, open := range doors(t, file(t, below(t, raw(t, answer), remote.Options{}), "a")) {
				_, err := open()
				if !errors.Is(err, downloadview.ErrUpstream) || downloadview.StatusCode(err) != http.StatusBadGateway {
					t.Errorf("%s: %v, want ErrUpstream", door, err)
				}
				if strings.Contains(fmt.Sprint(err), "secret") {
					t.Errorf("%s: the error says %.200q", door, err)
				}
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	srv := httptest.NewServer(nil)
	srv.Close()
	_, err := file(t, below(t, srv.URL, remote.Options{}), "a").Open(t.Context())
	if !errors.Is(err, downloadview.ErrUpstream) || downloadview.StatusCode(err) != http.StatusBadGateway {
		t.Errorf("Open: %v, want ErrUpstream", err)
	}
}

// scripted is a transport that answers each request as the URL's path says. It
// counts bodies as open until they are closed.
type scripted struct {
	answers map[string]http.Response
	open    int
}

func (s *scripted) RoundTrip(r *http.Request) (*http.Response, error) {
	resp := s.answers[r.URL.Path]
	resp.Request, resp.Body = r, s
	s.open++
	return &resp, nil
}

func (s *scripted) Read([]byte) (int, error) { return 0, io.EOF }

func (s *scripted) Close() error {
	s.open--
	return nil
}

// If an answer doesn't result in a handle, its body is closed.
func TestUnwantedBodiesAreClosed(t *testing.T) {
	to := func(url string) http.Header { return http.Header{"Location": {url}} }
	part := func(r string) http.Header { return http.Header{"Content-Range": {r}} }
	transport := &scripted{answers: map[string]http.Response{
		"/gone":       {StatusCode: 404},
		"/busy":       {StatusCode: 503},
		"/beyond":     {StatusCode: 416},
		"/whole":      {StatusCode: 200, ContentLength: 10},
		"/part":       {StatusCode: 206, ContentLength: 1, Header: part("bytes 0-0/10")},
		"/other part": {StatusCode: 206, ContentLength: 1, Header: part("bytes 5-5/10")},
		"/moved":      {StatusCode: 302, Header: to("/gone")},
		"/loop":       {StatusCode: 302, Header: to("/loop")},
		"/away":       {StatusCode: 302, Header: to("http://elsewhere.test/")},
		"/nowhere":    {StatusCode: 302, Header: to("mailto:x")},
	}}
	s := below(t, "http://h/", remote.Options{Client: &http.Client{Transport: transport}})
	for path := range transport.answers {
		for door, open := range doors(t, file(t, s, path[1:])) {
			h, err := open()
			if h != nil && err == nil {
				h.Close()
			}
			if transport.open != 0 {
				t.Errorf("%s of %s, %v: %d bodies are left open", door, path, err, transport.open)
				transport.open = 0
			}
		}
	}
}
