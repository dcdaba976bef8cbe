package buckettest

import (
	"context"
	"io/fs"
	"testing"

	"github.com/downloadview/downloadview"
)

// Nothing checks that a storage that wraps files by wrap returns an error if a
// wrapped file returns neither a result nor an error.
func Nothing(t *testing.T, wrap func(downloadview.File) downloadview.File) {
	for name, f := range map[string]*faulty{
		"no handle":             {},
		"no handle, but a type": {(*uninformed)(nil)},
		"no metadata":           {&uninformed{}},
	} {
		t.Run(name, func(t *testing.T) {
			wrapped := wrap(f)
			if h, err := wrapped.Open(t.Context()); err == nil && h != nil || downloadview.StatusCode(err) != 500 && err != nil {
				t.Errorf("Open: %v, %v; want an error of the server", h, err)
			}
			if h, err := downloadview.OpenRange(t.Context(), wrapped, 3, -1); err == nil || downloadview.StatusCode(err) != 500 {
				t.Errorf("OpenRange: %v, %v; want an error of the server", h, err)
			}
		})
	}
	var none *faulty
	if f := wrap(none); f != downloadview.File(none) {
		t.Errorf("a nil pointer is wrapped: %v", f)
	}
}

// A faulty file returns neither a result nor an error.
type faulty struct{ handle fs.File }

func (*faulty) Name() string                                               { return "a" }
func (f *faulty) Open(context.Context) (fs.File, error)                    { return f.handle, nil }
func (f *faulty) OpenRange(context.Context, int64, int64) (fs.File, error) { return f.handle, nil }
func (f *faulty) Pin(string) downloadview.File                             { return f }

type uninformed struct{ fs.File }

func (*uninformed) Stat() (fs.FileInfo, error) { return nil, nil }
func (*uninformed) Close() error               { return nil }
