package downloadview

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http/httptest"
	"strings"
	"testing"
)

// If Stat fails but the file can be read, every GET request is still answered.
func TestFailedLookIsNoJudge(t *testing.T) {
	const two = "bytes=0-0,5-6"
	refusals := map[string]error{
		"missing":   &fs.PathError{Op: "stat", Path: "a", Err: fs.ErrNotExist},
		"forbidden": &fs.PathError{Op: "stat", Path: "a", Err: fs.ErrPermission},
		"refused":   fmt.Errorf("%w: HEAD is %w", ErrUpstream, errors.ErrUnsupported),
	}
	for _, tt := range []struct {
		name    string
		request []string
		status  int
		body    string
		log     string
	}{
		{"whole", nil, 200, "0123456789", "open"},
		{"range", []string{"Range", "bytes=2-3"}, 206, "23", "range"},
		{"suffix", []string{"Range", "bytes=-3"}, 206, "789", "range"},
		{"not modified", []string{"If-None-Match", `"v1"`}, 304, "", "stat open"},
		{"modified", []string{"If-None-Match", `"v0"`}, 200, "0123456789", "stat open"},
		{"failed precondition", []string{"If-Match", `"v0"`}, 412, "Precondition Failed\n", "stat open"},
		{"range and precondition", []string{"If-Match", `"v1"`, "Range", "bytes=0-1"}, 206, "01", "stat range"},
		{"suffix and precondition", []string{"If-Match", `"v1"`, "Range", "bytes=-1"}, 206, "9", "stat range"},
		{"range and failed precondition", []string{"If-Match", `"v0"`, "Range", "bytes=0-1"}, 412, "Precondition Failed\n", "stat range"},
		{"several ranges", []string{"Range", two}, 206, "application/octet-stream bytes 0-0/10 0, application/octet-stream bytes 5-6/10 56", "stat range range"},
		{"several ranges joined", []string{"Range", "bytes=0-1,2-3"}, 206, "0123", "stat range range"},
		{"several ranges that are all", []string{"Range", "bytes=0-,1-"}, 200, "0123456789", "stat range open"},
	} {
		for name, refusal := range refusals {
			t.Run(tt.name+", "+name, func(t *testing.T) {
				o := newObject("0123456789")
				o.noStat = refusal
				s := serve(t, NewHandler(fileView(o), nil))
				got := ask(t, s.URL, "GET", tt.request...)
				body := got.body
				if strings.HasPrefix(got.header.Get("Content-Type"), "multipart/") {
					body = strings.Join(readParts(t, got), ", ")
				}
				if got.err != nil || got.status != tt.status || body != tt.body {
					t.Errorf("%d %q %v, want %d %q", got.status, body, got.err, tt.status, tt.body)
				}
				if log := strings.Join(o.log, " "); log != tt.log {
					t.Errorf("requests %q, want %q", log, tt.log)
				}
				if n := o.open.Load(); n != 0 {
					t.Errorf("%d handles left open", n)
				}
			})
		}
	}
}

// If Stat fails, HEAD asks for the first byte and is answered as GET would be. There
// is no second request for a missing file, or to a store that can't be reached.
func TestHeadWhereLooksFail(t *testing.T) {
	refused := fmt.Errorf("%w: HEAD is %w", ErrUpstream, errors.ErrUnsupported)
	for _, tt := range []struct {
		name    string
		content string
		err     error
		noRange error
		status  int
		log     string
	}{
		{"refused", "0123456789", refused, nil, 200, "stat range"},
		{"refused, without ranges", "0123456789", refused, ErrRange, 200, "stat range open"},
		{"refused, empty", "", refused, nil, 200, "stat range open"},
		{"refused, and so is GET", "0123456789", refused, fs.ErrPermission, 403, "stat range"},
		{"missing", "0123456789", fs.ErrNotExist, nil, 404, "stat"},
		{"not reached", "0123456789", ErrUpstream, nil, 502, "stat"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := newObject(tt.content)
			o.noStat, o.noRange = tt.err, tt.noRange
			s := serve(t, NewHandler(fileView(o), nil))
			got := ask(t, s.URL, "HEAD")
			if got.err != nil || got.status != tt.status {
				t.Errorf("%d %v, want %d", got.status, got.err, tt.status)
			}
			if want := fmt.Sprint(len(tt.content)); tt.status == 200 && got.header.Get("Content-Length") != want {
				t.Errorf("Content-Length %q, want %s", got.header.Get("Content-Length"), want)
			}
			if log := strings.Join(o.log, " "); log != tt.log {
				t.Errorf("requests %q, want %q", log, tt.log)
			}
			o.log = nil
			fi, err := Stat(t.Context(), o)
			if StatusCode(err) != tt.status || err == nil && fi.Size() != int64(len(tt.content)) {
				t.Errorf("Stat: %v, %v", fi, err)
			}
			if log := strings.Join(o.log, " "); log != tt.log {
				t.Errorf("requests of Stat %q, want %q", log, tt.log)
			}
		})
	}
}

// If the error of Stat says nothing about the file, no second request follows.
func TestUnreachedStoreIsNotAskedAgain(t *testing.T) {
	for name, err := range map[string]error{
		"upstream":    ErrUpstream,
		"invalid key": &fs.PathError{Op: "stat", Path: "a", Err: fs.ErrInvalid},
		"busy":        &StatusError{Status: 503, Err: ErrUpstream},
	} {
		o := newObject("0123456789")
		o.noStat = err
		s := serve(t, NewHandler(fileView(o), nil))
		if got := ask(t, s.URL, "GET", "If-Match", `"v1"`); got.status != StatusCode(err) || len(o.log) != 1 {
			t.Errorf("%s: %d after the requests %q, want %d after one", name, got.status, o.log, StatusCode(err))
		}
	}
}

// If Stat's result would refuse the request, the file is opened and its handle decides:
// the file may have been replaced, or Stat's result may come from a cache.
func TestRefusalsAreJudgedByTheHandle(t *testing.T) {
	for _, tt := range []struct {
		name    string
		request []string
		status  int
		body    string
		log     string
	}{
		{"precondition", []string{"If-Match", `"v2"`}, 200, "0123456789abcdef", "stat range open"},
		{"precondition and range", []string{"If-Match", `"v2"`, "Range", "bytes=2-3"}, 206, "23", "stat range range"},
		{"several ranges past the end", []string{"Range", "bytes=11-11,20-"}, 206, "b", "stat range range"},
		{"range past the end", []string{"If-Match", `"v2"`, "Range", "bytes=11-11"}, 206, "b", "stat range range"},
		{"neither version", []string{"If-Match", `"v3"`}, 412, "Precondition Failed\n", "stat range"},
		{"several ranges past both ends", []string{"Range", "bytes=20-21,30-"}, 416, "Requested Range Not Satisfiable\n", "stat range"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := newObject("0123456789")
			o.replace = func(o *object) { o.content, o.ETag = "0123456789abcdef", `"v2"` }
			s := serve(t, NewHandler(fileView(o), nil))
			got := ask(t, s.URL, "GET", tt.request...)
			if got.err != nil || got.status != tt.status || got.body != tt.body {
				t.Errorf("%d %q %v, want %d %q", got.status, got.body, got.err, tt.status, tt.body)
			}
			if tt.status == 416 && got.header.Get("Content-Range") != "bytes */16" {
				t.Errorf("Content-Range %q, want that of the new version", got.header.Get("Content-Range"))
			}
			if log := strings.Join(o.log, " "); log != tt.log {
				t.Errorf("requests %q, want %q", log, tt.log)
			}
			if n := o.open.Load(); n != 0 {
				t.Errorf("%d handles left open", n)
			}
		})
	}
}

// If a store refuses every range, with either error, the client gets the whole file.
func TestStoreThatRefusesEveryRange(t *testing.T) {
	for _, refusal := range []error{ErrRange, errors.ErrUnsupported} {
		for _, request := range []string{"bytes=2-3", "bytes=0-0", "bytes=0-", "bytes=-3", "bytes=0-0,5-6"} {
			for _, look := range []error{nil, errors.ErrUnsupported, fs.ErrNotExist} {
				o := newObject("0123456789")
				o.noRange, o.noStat = refusal, look
				s := serve(t, NewHandler(fileView(o), nil))
				got := ask(t, s.URL, "GET", "Range", request)
				if got.status != 200 || got.body != "0123456789" || got.err != nil {
					t.Errorf("%s where ranges are %v and a look is %v: %d %q %v after %q, want the whole", request, refusal, look, got.status, got.body, got.err, o.log)
				}
				if len(o.log) > 6 {
					t.Errorf("%s where ranges are %v and a look is %v: requests %q, want no more than 6", request, refusal, look, o.log)
				}
			}
		}
	}
}

// Each part of a file in a store needs a request to the store. So the whole file is
// sent for too many ranges, and ranges with small gaps are read together.
func TestSeveralRangesCostFewRequests(t *testing.T) {
	const size = 100_000
	for _, tt := range []struct {
		ranges, step int
		status       int
		requests     int
	}{
		{15, 1000, 206, 16},
		{16, 1000, 200, 2},
		{100, 1000, 200, 2},
		{50, 100, 206, 2},
	} {
		for _, look := range []error{nil, errors.ErrUnsupported} {
			o := newObject(strings.Repeat("0123456789", size/10))
			o.noStat = look
			s := serve(t, NewHandler(fileView(o), nil))
			got := ask(t, s.URL, "GET", "Range", "bytes="+every(tt.ranges, tt.step))
			if got.err != nil || got.status != tt.status || tt.status == 200 && got.body != o.content {
				t.Errorf("%d ranges, a look is %v: %d, %d bytes, %v; want %d", tt.ranges, look, got.status, len(got.body), got.err, tt.status)
			}
			if n := len(o.log); n > 16 || look == nil && n != tt.requests {
				t.Errorf("%d ranges, a look is %v: %d requests, want %d", tt.ranges, look, n, tt.requests)
			}
		}
	}
}

// For every Range field and every refusal of the store, an answer needs at most 16
// requests to the store.
func FuzzRequestsOfRanges(f *testing.F) {
	f.Add("bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,20-20,22-22,24-24,26-26,28-28,30-30,32-32", uint8(0), uint8(0), int64(40))
	f.Add("bytes=200-,0-0,-1", uint8(1), uint8(1), int64(100))
	f.Add("bytes=-5", uint8(2), uint8(2), int64(3))
	f.Fuzz(func(t *testing.T, field string, look, refusal uint8, size int64) {
		o := newObject(strings.Repeat("x", int(size&0xffff)))
		o.noStat = []error{nil, errors.ErrUnsupported, fs.ErrNotExist, fs.ErrPermission}[look%4]
		o.noRange = []error{nil, ErrRange, errors.ErrUnsupported}[refusal%3]
		r := httptest.NewRequest("GET", "/", nil)
		r.Header["Range"] = []string{field}
		w := httptest.NewRecorder()
		NewHandler(fileView(o), nil).ServeHTTP(w, r)
		if len(o.log) > 16 {
			t.Errorf("%q of %d bytes takes the requests %q", field, len(o.content), o.log)
		}
		if w.Code != 200 && w.Code != 206 && w.Code != 416 {
			t.Errorf("%q of %d bytes: %d after %q", field, len(o.content), w.Code, o.log)
		}
		if n := o.open.Load(); n != 0 {
			t.Errorf("%d handles left open", n)
		}
	})
}
