package remote_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/remote"
)

func TestAttributes(t *testing.T) {
	changed := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := fake(t, func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("ETag", `"v1"`)
		h.Set("Content-Type", "text/csv")
		h.Set("Content-Language", "pl")
		h.Set("Content-Encoding", "br")
		http.ServeContent(w, r, "", changed, strings.NewReader("0123456789"))
	})
	f := file(t, s, "a.csv")
	want := downloadview.Attributes{
		Size: 10, ModTime: changed, ETag: `"v1"`, ContentType: "text/csv", ContentEncoding: "br", ContentLanguage: "pl",
	}
	if got := attributes(t, func() (fs.FileInfo, error) { return downloadview.Stat(t.Context(), f) }); got.Size != -1 {
		// net/http leaves the length out if there is an encoding.
		t.Errorf("Stat: size %d, want -1", got.Size)
	}
	for name, part := range map[string][2]int64{"range": {3, 2}, "suffix": {-3, 0}} {
		h, err := downloadview.OpenRange(t.Context(), f, part[0], part[1])
		if err != nil {
			t.Fatal(err)
		}
		if got := attributes(t, h.Stat); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
		h.Close()
	}
}

// Servers make the tag of a file from its time and size, in various formats. If
// the time is useless, only a tag that is a digest can be used.
func TestTagsBesideUselessDates(t *testing.T) {
	const digest = `"d41d8cd98f00b204e9800998ecf8427e"`
	image := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		tag      string
		modified time.Time
		want     string
	}{
		{`"1-a"`, time.Unix(1, 0), ""},        // nginx
		{`"a-11e6b3c6d8000"`, image, ""},      // Apache
		{`"2893648263"`, time.Unix(1, 0), ""}, // lighttpd
		{`"2893648263"`, time.Unix(0, 0), ""},
		{digest, time.Unix(1, 0), digest},
		{`"2893648263"`, image.AddDate(1, 0, 0), `"2893648263"`},
	} {
		s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("ETag", tt.tag)
			w.Header().Set("Last-Modified", tt.modified.UTC().Format(http.TimeFormat))
			io.WriteString(w, "0123456789")
		})
		h, err := file(t, s, "a.csv").Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := attributes(t, h.Stat); got.ETag != tt.want || !got.ModTime.Equal(tt.modified) {
			t.Errorf("%s of %v: %s of %v, want %s", tt.tag, tt.modified, got.ETag, got.ModTime, tt.want)
		}
		h.Close()
	}
}

// Useless metadata: tags that are weak or malformed, invalid times, an encoding
// that says there is none.
func TestUselessFacts(t *testing.T) {
	for _, tt := range []struct {
		field string
		lines []string
		want  downloadview.Attributes
	}{
		{"ETag", []string{`"v1"`}, downloadview.Attributes{ETag: `"v1"`}},
		{"ETag", []string{`""`}, downloadview.Attributes{ETag: `""`}},
		{"ETag", []string{`W/"v1"`}, downloadview.Attributes{}},
		{"ETag", []string{`v1`}, downloadview.Attributes{}},
		{"ETag", []string{`"`}, downloadview.Attributes{}},
		{"ETag", []string{`"a"b"`}, downloadview.Attributes{}},
		{"ETag", []string{`"a b"`}, downloadview.Attributes{}},
		{"ETag", []string{`"a"`, `"b"`}, downloadview.Attributes{}},
		{"Last-Modified", []string{"yesterday"}, downloadview.Attributes{}},
		{"Content-Encoding", []string{"identity"}, downloadview.Attributes{}},
		{"Content-Encoding", []string{"gzip", "br"}, downloadview.Attributes{ContentEncoding: "gzip, br"}},
	} {
		s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header()[tt.field] = tt.lines
			w.Header().Set("Content-Type", "")
			w.Header().Set("Content-Length", "0")
		})
		got := attributes(t, func() (fs.FileInfo, error) { return downloadview.Stat(t.Context(), file(t, s, "a")) })
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s %q becomes %+v, want %+v", tt.field, tt.lines, got, tt.want)
		}
	}
}

// net/http decodes gzip if it has requested it itself; even an application's
// own Client must not.
func TestStoredEncodingStays(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	fmt.Fprint(z, strings.Repeat("text ", 100))
	z.Close()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if got := r.Header.Get("Accept-Encoding"); got != "identity" {
			t.Errorf("Accept-Encoding %q, want identity", got)
		}
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(packed.Bytes())
	}))
	defer srv.Close()
	for name, o := range map[string]remote.Options{
		"guarded": {},
		"given":   {Client: srv.Client(), Header: http.Header{"Accept-Encoding": {"gzip"}}},
	} {
		h, err := file(t, below(t, srv.URL, o), "a.html").Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if a := attributes(t, h.Stat); a.ContentEncoding != "gzip" || a.Size != int64(packed.Len()) {
			t.Errorf("%s: %+v, want gzip of %d bytes", name, a, packed.Len())
		}
		if got := content(t, h); got != packed.String() {
			t.Errorf("%s: %d bytes arrive, want the %d that are stored", name, len(got), packed.Len())
		}
	}
}

func TestRangesOnTheWire(t *testing.T) {
	srv := startFileServer(t)
	if err := srv.put("ten", []byte("0123456789")); err != nil {
		t.Fatal(err)
	}
	f := file(t, below(t, srv.URL+"/files", remote.Options{}), "ten")
	for _, tt := range []struct {
		offset, length int64
		want           string
		err            error
		asked          []string
	}{
		{4, 1, "4", nil, []string{"GET bytes=4-4"}},
		{7, -1, "789", nil, []string{"GET bytes=7-"}},
		{-3, 0, "789", nil, []string{"GET bytes=-3"}},
		{7, 100, "789", nil, []string{"GET bytes=7-106"}},
		{10, 1, "", downloadview.ErrRange, []string{"GET bytes=10-10"}},
		{1, 0, "", downloadview.ErrRange, nil},
	} {
		srv.requests()
		h, err := downloadview.OpenRange(t.Context(), f, tt.offset, tt.length)
		if !errors.Is(err, tt.err) {
			t.Fatalf("OpenRange(%d, %d): %v, want %v", tt.offset, tt.length, err, tt.err)
		}
		if err == nil {
			if got := content(t, h); got != tt.want {
				t.Errorf("OpenRange(%d, %d) = %q, want %q", tt.offset, tt.length, got, tt.want)
			}
		}
		if got := srv.requests(); !slices.Equal(got, tt.asked) {
			t.Errorf("OpenRange(%d, %d) asks %q, want %q", tt.offset, tt.length, got, tt.asked)
		}
	}
}

func TestHeaderForTheOrigin(t *testing.T) {
	var got http.Header
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }))
	defer srv.Close()
	given := http.Header{"X-Api-Key": {"k"}, "Range": {"bytes=0-0"}}
	u := parse(t, srv.URL)
	u.User = url.UserPassword("me", "pw")
	s := below(t, u.String(), remote.Options{Header: given})
	given.Set("X-Api-Key", "changed afterwards")
	h, err := file(t, s, "a").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.Close()
	if got.Get("X-Api-Key") != "k" || got.Get("Authorization") != "Basic bWU6cHc=" || got.Get("Range") != "" {
		t.Errorf("the origin sees %v, want key and password, and no Range", got)
	}
}

func TestSingleFile(t *testing.T) {
	asked := ""
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = r.RequestURI
		io.WriteString(w, "content")
	}))
	defer srv.Close()
	o := &remote.Options{Allow: loopback(t, srv.URL)}
	for _, o := range []*remote.Options{o, {Client: srv.Client()}} {
		f, err := remote.File(srv.URL+"/a%2Fb/../q+3.csv?sig=a%2Bb", o)
		if err != nil {
			t.Fatal(err)
		}
		h, err := f.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := content(t, h); got != "content" || asked != "/a%2Fb/../q+3.csv?sig=a%2Bb" {
			t.Errorf("%q of %s, want the content of the very URL", got, asked)
		}
	}
}

// The requests of a File without a Client leave no connection open, because
// nothing could close it; those of a Storage share one.
func TestConnections(t *testing.T) {
	srv := startFileServer(t)
	connections := make(chan http.ConnState, 100)
	other := httptest.NewUnstartedServer(srv)
	other.Config.ConnState = countNew(connections)
	other.Start()
	defer other.Close()
	if err := srv.put("a", []byte("x")); err != nil {
		t.Fatal(err)
	}
	single, err := remote.File(other.URL+"/files/a", &remote.Options{Allow: loopback(t, other.URL)})
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		file downloadview.File
		want int
	}{
		"single":  {single, 3},
		"storage": {file(t, below(t, other.URL+"/files", remote.Options{}), "a"), 1},
	} {
		for range 3 {
			h, err := tt.file.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			content(t, h)
		}
		if got := len(connections); got != tt.want {
			t.Errorf("%s: %d connections for three downloads, want %d", name, got, tt.want)
		}
		for len(connections) > 0 {
			<-connections
		}
	}
}
