package buckettest

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/downloadview/downloadview"
)

// OtherRanges checks that an answer with another range than the requested one
// is an error. differs are the errors of this kind of storage in cases where
// they differ, by the names of the cases.
func (f *Fake) OtherRanges(t *testing.T, differs map[string]error) {
	cases := []struct {
		name           string
		offset, length int64
		status         int
		contentRange   string
		body           string
		want           error
	}{
		{"asked for", 2, 3, 206, "bytes 2-4/10", "234", nil},
		{"cut at the end", 8, 5, 206, "bytes 8-9/10", "89", nil},
		{"suffix", -3, 0, 206, "bytes 7-9/10", "789", nil},
		{"ignored", 2, 3, 200, "", "0123456789", errors.ErrUnsupported},
		{"beginning ignored", 0, 3, 200, "", "0123456789", errors.ErrUnsupported},
		{"suffix ignored", -3, 0, 200, "", "0123456789", errors.ErrUnsupported},
		{"ignored, and all of it", 0, 10, 200, "", "0123456789", errors.ErrUnsupported},
		{"all, and no range", 0, -1, 200, "", "0123456789", errors.ErrUnsupported},
		{"all, and a range", 0, -1, 206, "bytes 0-9/10", "0123456789", nil},
		{"part instead of all", 0, -1, 206, "bytes 0-2/10", "012", downloadview.ErrUpstream},
		{"whole in spite of its Content-Range", 2, 3, 200, "bytes 2-4/10", "234", errors.ErrUnsupported},
		{"a part of nothing known", 2, 3, 206, "", "234", errors.ErrUnsupported},
		{"no content", 2, 3, 204, "", "", downloadview.ErrUpstream},
		{"accepted", 2, 3, 202, "bytes 2-4/10", "234", downloadview.ErrUpstream},
		{"ignored, and empty", 0, -1, 200, "", "", downloadview.ErrRange},
		{"of no bytes", 2, 3, 206, "bytes 2-1/2", "", downloadview.ErrUpstream},
		{"unsatisfiable", 10, 1, 416, "bytes */10", "", downloadview.ErrRange},
		{"another beginning", 2, 3, 206, "bytes 0-2/10", "012", downloadview.ErrUpstream},
		{"shorter", 2, 3, 206, "bytes 2-3/10", "23", downloadview.ErrUpstream},
		{"longer", 2, 3, 206, "bytes 2-5/10", "2345", downloadview.ErrUpstream},
		{"another suffix", -3, 0, 206, "bytes 6-9/10", "6789", downloadview.ErrUpstream},
		{"size unknown", 2, 3, 206, "bytes 2-4/*", "234", errors.ErrUnsupported},
		{"other length", 2, 3, 206, "bytes 2-4/10", "23456", downloadview.ErrUpstream},
		{"past its size", 2, 3, 206, "bytes 2-4/4", "234", downloadview.ErrUpstream},
		{"other unit", 2, 3, 206, "lines 2-4/10", "234", downloadview.ErrUpstream},
		{"negative", 2, 3, 206, "bytes -2-4/10", "234", downloadview.ErrUpstream},
	}
	used := 0
	for _, tt := range cases {
		want := tt.want
		if other, ok := differs[tt.name]; ok {
			want = other
			used++
		}
		if f.NoSuffix && tt.offset < 0 {
			want = errors.ErrUnsupported
		}
		t.Run(tt.name, func(t *testing.T) {
			file := f.file(t, func(w http.ResponseWriter, _ *http.Request) {
				if tt.contentRange != "" {
					w.Header().Set("Content-Range", tt.contentRange)
				}
				w.WriteHeader(tt.status)
				io.WriteString(w, tt.body)
			})
			h, err := openRange(t.Context(), file, tt.offset, tt.length)
			if err == nil {
				defer h.Close()
			}
			if !errors.Is(err, want) {
				t.Fatalf("OpenRange(%d, %d): %v, want %v", tt.offset, tt.length, err, want)
			}
			if want != nil {
				return
			}
			if got := read(t, h); got != tt.body {
				t.Errorf("content %q, want %q", got, tt.body)
			}
		})
	}
	if used != len(differs) {
		t.Errorf("%d of the %d cases that differ are there", used, len(differs))
	}
}

// PartInsteadOfTheWhole checks that an answer with a part is an error if the
// whole object was requested.
func (f *Fake) PartInsteadOfTheWhole(t *testing.T) {
	file := f.file(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Range", "bytes 0-2/10")
		w.WriteHeader(http.StatusPartialContent)
		io.WriteString(w, "012")
	})
	if err := closed(file.Open(t.Context())); !errors.Is(err, downloadview.ErrUpstream) {
		t.Errorf("Open: %v, want ErrUpstream", err)
	}
}

// WithoutRanges checks that the whole object is served if the store answers
// that it doesn't support ranges.
func (f *Fake) WithoutRanges(t *testing.T) {
	object := Numbered(1, 1000)
	for name, refuse := range map[string]http.HandlerFunc{
		"416":             func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(416) },
		"501":             func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(501) },
		"400":             func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(400) },
		"NotImplemented":  func(w http.ResponseWriter, r *http.Request) { f.refuse(w, r, 501, "NotImplemented") },
		"InvalidArgument": func(w http.ResponseWriter, r *http.Request) { f.refuse(w, r, 400, "InvalidArgument") },
		"200":             func(w http.ResponseWriter, _ *http.Request) { w.Write(object) },
		"size unknown": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 0-9/*")
			w.WriteHeader(206)
			w.Write(object[:10])
		},
	} {
		t.Run(name, func(t *testing.T) {
			WholeForRanges(t, object, f.Open(t, func(w http.ResponseWriter, r *http.Request) {
				if f.rangeOf(r) != "" && !f.isLook(r) {
					f.Stamp(w.Header())
					refuse(w, r)
					return
				}
				f.serve(w, r, object)
			}))
		})
	}
}

// WholeForRanges checks that a storage whose store doesn't support ranges
// serves object as a whole.
func WholeForRanges(t *testing.T, object []byte, s downloadview.Storage) {
	t.Helper()
	url := Serve(t, s)
	for _, asked := range []string{"bytes=0-9", "bytes=1-9", "bytes=990-", "bytes=-10", "bytes=0-0,500-600"} {
		resp, body, err := Get(t, "GET", url+"/a", "Range", asked)
		if err != nil || resp.StatusCode != http.StatusOK || !slices.Equal(body, object) {
			t.Errorf("%s: %d, %d bytes, %v; want the whole", asked, resp.StatusCode, len(body), err)
		}
	}
}
