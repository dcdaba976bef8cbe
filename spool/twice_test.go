package spool_test

import (
	"bytes"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/spool"
)

// A file that is spooled twice under one ID, such as by a view and by a middleware around it,
// is made once. It would wait for itself.
func TestSpooledTwice(t *testing.T) {
	want := content(100_000)
	for name, again := range map[string]func(downloadview.File) downloadview.File{
		"directly": func(f downloadview.File) downloadview.File { return f },
		"wrapped": func(f downloadview.File) downloadview.File {
			return downloadview.WithSource(f, downloadview.Source{Scheme: "file", Path: "/nowhere"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, seen := newSpool(t, "", nil)
			p := making(want)
			f, err := s.File(spool.ID{Key: "a"}, p.file(nil))
			if err != nil {
				t.Fatal(err)
			}
			url := serve(t, s, again(f), quiet)
			for range 2 {
				if got := read(t, do(t, "GET", url+"/a", nil)); !bytes.Equal(got, want) {
					t.Errorf("%d bytes, want %d", len(got), len(want))
				}
				seen.await(spool.Kept, 1)
			}
			if err := s.Warm(t.Context(), spool.ID{Key: "a"}, f); err != nil {
				t.Error(err)
			}
			if n := p.calls.Load(); n != 1 {
				t.Errorf("made %d times, want once", n)
			}
		})
	}
}
