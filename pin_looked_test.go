package downloadview

import (
	"context"
	"errors"
	"io/fs"
	"testing"
)

// A made file computes its metadata anew for each Stat and Open, and counts that.
type made struct {
	File
	looks *int
	known bool // Looked has it
}

func (f made) look(ctx context.Context) (fs.FileInfo, error) {
	if !f.known {
		*f.looks++
	}
	return Stat(ctx, f.File)
}

func (f made) Stat(ctx context.Context) (fs.FileInfo, error) { return f.look(ctx) }

func (f made) Open(ctx context.Context) (fs.File, error) {
	if _, err := f.look(ctx); err != nil {
		return nil, err
	}
	return f.File.Open(ctx)
}

func (f made) Looked(etag string) (File, bool) {
	return made{f.File, f.looks, true}, etag == `"1"`
}

// veiled unwraps to a file, but has an Open of its own.
type veiled struct{ File }

func (h veiled) Unwrap() File { return h.File }

func (h veiled) Open(context.Context) (fs.File, error) { return nil, errors.New("opened") }

// The handle for an answer is that of the version whose metadata was read, if the file
// itself knows it.
func TestLookedFileIsOpened(t *testing.T) {
	for _, tt := range []struct {
		tag    string
		wrap   func(File) File
		looks  int
		status int
	}{
		{`"1"`, func(f File) File { return f }, 1, 200},
		{`"2"`, func(f File) File { return f }, 2, 200}, // is no longer known
		{`"1"`, func(f File) File { return veiled{f} }, 1, 500},
	} {
		looks := 0
		f := tt.wrap(made{FromBytes("a", []byte("abc"), &Attributes{ETag: tt.tag}), &looks, false})
		s := serve(t, NewHandler(fileView(f), nil))
		got := ask(t, s.URL, "GET", "If-None-Match", `"other"`)
		if got.status != tt.status || looks != tt.looks {
			t.Errorf("%s, %T: %d after %d looks, want %d after %d", tt.tag, f, got.status, looks, tt.status, tt.looks)
		}
	}
}
