package wrapper_test

import (
	"context"
	"errors"
	"io/fs"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// named is a file that unwraps.
type named struct{ downloadview.File }

func (f named) Unwrap() downloadview.File { return f.File }

// OpenRange must not open the whole file: that fallback is up to the wrapper.
func TestOpenRange(t *testing.T) {
	opened := false
	f := downloadview.FromFunc("a", nil, nil)
	watched := openedFile{f, func() { opened = true }}
	_, err := wrapper.File{Inner: watched}.OpenRange(t.Context(), 1, 2)
	if !errors.Is(err, errors.ErrUnsupported) || opened {
		t.Errorf("OpenRange: %v, opened %t, want ErrUnsupported without", err, opened)
	}
	h, err := wrapper.File{Inner: named{ranged{f}}}.OpenRange(t.Context(), 1, 2)
	if h != nil || !errors.Is(err, downloadview.ErrRange) {
		t.Errorf("OpenRange: %v, want what the file inside says", err)
	}
}

type ranged struct{ downloadview.File }

func (ranged) OpenRange(context.Context, int64, int64) (fs.File, error) {
	return nil, downloadview.ErrRange
}

type openedFile struct {
	downloadview.File
	opened func()
}

func (f openedFile) Open(context.Context) (fs.File, error) {
	f.opened()
	return nil, fs.ErrNotExist
}
