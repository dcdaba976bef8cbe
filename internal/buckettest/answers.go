package buckettest

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
)

// OtherSuccesses checks that an answer with another successful status than the
// requested one is an error. also are further statuses that the SDK accepts.
func (f *Fake) OtherSuccesses(t *testing.T, also ...int) {
	for _, status := range append([]int{201, 202, 203, 204, 205, 206, 207, 226}, also...) {
		file := f.file(t, func(w http.ResponseWriter, _ *http.Request) {
			f.Stamp(w.Header())
			if status == http.StatusPartialContent {
				w.Header().Set("Content-Range", "bytes 0-3/4")
			}
			w.WriteHeader(status)
			if status != 204 && status != 205 && status != 304 {
				io.WriteString(w, "0123")
			}
		})
		check := func(op string, err error) {
			t.Helper()
			if !errors.Is(err, downloadview.ErrUpstream) {
				t.Errorf("%d: %s: %v, want ErrUpstream", status, op, err)
			}
		}
		err := closed(file.Open(t.Context()))
		check("Open", err)
		if !strings.Contains(fmt.Sprint(err), fmt.Sprint(status)) {
			t.Errorf("%d: Open: %v, want an error with the status", status, err)
		}
		_, err = downloadview.Stat(t.Context(), file)
		check("Stat", err)
		if f.IsLook == nil && !strings.Contains(fmt.Sprint(err), fmt.Sprint(status)) {
			t.Errorf("%d: Stat: %v, want an error with the status", status, err)
		}
		err = closed(openRange(t.Context(), file, 1, 2))
		if status == http.StatusPartialContent && errors.Is(err, errors.ErrUnsupported) {
			continue // the answer has more than requested; the whole is requested instead
		}
		check("OpenRange", err)
	}
}

// UnknownSize checks that an answer without a length is served, and has neither
// size nor tag.
func (f *Fake) UnknownSize(t *testing.T) {
	file := f.file(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "0123")
		w.(http.Flusher).Flush()
		io.WriteString(w, "456789")
	})
	h, err := file.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if a := attributesOf(t, h); a.Size != -1 || a.ETag != "" {
		t.Errorf("%+v of a chunked answer, want the size -1 and no tag", a)
	}
	if got := read(t, h); got != "0123456789" {
		t.Errorf("content %q, want 0123456789", got)
	}
	if err := closed(openRange(t.Context(), file, 0, 3)); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("OpenRange: %v, want errors.ErrUnsupported", err)
	}
}

// Tags checks that entity tags get their quotes, which some stores omit.
func (f *Fake) Tags(t *testing.T) {
	for sent, want := range map[string]string{`"abc"`: `"abc"`, `abc`: `"abc"`, `W/"abc"`: `W/"abc"`, "": ""} {
		h, err := f.file(t, func(w http.ResponseWriter, _ *http.Request) { w.Header()["ETag"] = []string{sent} }).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := attributesOf(t, h).ETag; got != want {
			t.Errorf("ETag %s becomes %q, want %q", sent, got, want)
		}
		h.Close()
	}
}

// UnreadableFields checks that, if a header field of an answer can't be parsed,
// only that field is missing and the download succeeds. more is added to the
// header of each answer; check gets the metadata of the file.
func (f *Fake) UnreadableFields(t *testing.T, fields map[string]string, more http.Header, check func(fs.FileInfo) error) {
	for field, value := range fields {
		t.Run(field, func(t *testing.T) {
			file := f.file(t, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/csv")
				maps.Copy(w.Header(), more)
				f.serve(brokenField{w, field, value}, r, []byte("0123456789"))
			})
			known := func(op string, fi fs.FileInfo, err error) {
				t.Helper()
				if err != nil {
					t.Errorf("%s: %v", op, err)
					return
				}
				a := downloadview.AttributesOf(fi)
				if a.Size != 10 || a.ETag != f.Tag || a.ContentType != "text/csv" {
					t.Errorf("%s: %+v, want 10 bytes of text/csv with the tag %s", op, a, f.Tag)
				}
				if unknown := a.ModTime.IsZero(); unknown != (field == "Last-Modified") && !f.isLookOf(op) {
					t.Errorf("%s: time %v", op, a.ModTime)
				}
				if check != nil {
					if err := check(fi); err != nil {
						t.Errorf("%s: %v", op, err)
					}
				}
			}
			fi, err := downloadview.Stat(t.Context(), file)
			known("Stat", fi, err)
			whole, err := file.Open(t.Context())
			content(t, "Open", whole, err, "0123456789", known)
			part, err := openRange(t.Context(), file, 2, 2)
			content(t, "OpenRange", part, err, "23", known)
		})
	}
}

// isLookOf reports whether op is a Stat with an answer of its own, which
// doesn't have the fields of reads.
func (f *Fake) isLookOf(op string) bool { return op == "Stat" && f.Look != nil }

// content checks the content of h, and calls known with its metadata.
func content(t *testing.T, op string, h fs.File, err error, want string, known func(string, fs.FileInfo, error)) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", op, err)
		return
	}
	fi, err := h.Stat()
	known(op, fi, err)
	if got := read(t, h); got != want {
		t.Errorf("%s: content %q, want %q", op, got, want)
	}
}

// brokenField adds a field when the header is written.
type brokenField struct {
	http.ResponseWriter
	field, value string
}

func (b brokenField) WriteHeader(status int) {
	b.Header().Set(b.field, b.value)
	b.ResponseWriter.WriteHeader(status)
}
