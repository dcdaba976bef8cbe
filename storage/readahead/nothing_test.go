package readahead_test

import (
	"context"
	"io/fs"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/readahead"
)

// A faulty file gives neither what it should nor an error.
type faulty struct{ handle fs.File }

func (*faulty) Name() string                                               { return "a" }
func (f *faulty) Open(context.Context) (fs.File, error)                    { return f.handle, nil }
func (f *faulty) OpenRange(context.Context, int64, int64) (fs.File, error) { return f.handle, nil }
func (f *faulty) Pin(string) downloadview.File                             { return f }

type uninformed struct{ fs.File }

func (*uninformed) Stat() (fs.FileInfo, error) { return nil, nil }
func (*uninformed) Close() error               { return nil }

// What is not there although there is no error is an error.
func TestNothingAndNoError(t *testing.T) {
	for name, f := range map[string]*faulty{"no handle": {}, "no handle, but a type": {(*uninformed)(nil)}, "no metadata": {&uninformed{}}} {
		wrapped := readahead.File(f, nil)
		if h, err := wrapped.Open(t.Context()); err == nil && h != nil || downloadview.StatusCode(err) != 500 && err != nil {
			t.Errorf("%s: Open: %v, %v; want an error of the server", name, h, err)
		}
		if h, err := downloadview.OpenRange(t.Context(), wrapped, 3, -1); err == nil || downloadview.StatusCode(err) != 500 {
			t.Errorf("%s: OpenRange: %v, %v; want an error of the server", name, h, err)
		}
	}
	var none *faulty
	if f := readahead.File(none, nil); f != downloadview.File(none) {
		t.Errorf("a nil pointer is wrapped: %v", f)
	}
}
