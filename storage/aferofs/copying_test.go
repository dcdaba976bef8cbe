package aferofs_test

import (
	"bytes"
	"context"
	"errors"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/spf13/afero"

	"github.com/downloadview/downloadview/storage/aferofs"
)

// halting is a store whose file "d/c" stops after the first bytes, until more is closed.
type halting struct {
	afero.Fs
	once         sync.Once
	halted, more chan struct{}
}

func (h *halting) Open(name string) (afero.File, error) {
	f, err := h.Fs.Open(name)
	if err == nil && name == "d/c" {
		return &haltingFile{f, h}, nil
	}
	return f, err
}

type haltingFile struct {
	afero.File
	fs *halting
}

func (f *haltingFile) Read(p []byte) (int, error) {
	first := false
	f.fs.once.Do(func() { first = true })
	if first {
		defer close(f.fs.halted)
	} else {
		<-f.fs.more
	}
	return f.File.Read(p[:min(len(p), 1000)])
}

// While a cache copies a file from its base, the part that it has isn't the file.
func TestFileThatIsBeingCopied(t *testing.T) {
	for name, around := range map[string]func(afero.Fs) (afero.Fs, string){
		"alone":         func(c afero.Fs) (afero.Fs, string) { return c, "d/c" },
		"read-only":     func(c afero.Fs) (afero.Fs, string) { return afero.NewReadOnlyFs(c), "d/c" },
		"in a folder":   func(c afero.Fs) (afero.Fs, string) { return afero.NewBasePathFs(afero.NewReadOnlyFs(c), "d"), "c" },
		"by expression": func(c afero.Fs) (afero.Fs, string) { return afero.NewRegexpFs(c, regexp.MustCompile(".")), "d/c" },
		"below a layer": func(c afero.Fs) (afero.Fs, string) { return afero.NewCopyOnWriteFs(c, afero.NewMemMapFs()), "d/c" },
	} {
		t.Run(name, func(t *testing.T) {
			files := contents()
			h := &halting{Fs: inMemory(t, files), halted: make(chan struct{}), more: make(chan struct{})}
			fsys, key := around(afero.NewCacheOnReadFs(h, afero.NewMemMapFs(), 0))
			s, want := aferofs.New(fsys, nil), files["d/c"]
			type result struct {
				got []byte
				err error
			}
			results := make(chan result, 2)
			read := func() {
				got, err := readAll(t, s, key)
				results <- result{got, err}
			}
			go read()
			<-h.halted
			go read()
			f, err := s.File(key)
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
			defer cancel()
			if part, err := f.Open(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("Open = %v, %v, want the error of its context", part, err)
			}
			close(h.more)
			for range 2 {
				if r := <-results; r.err != nil || !bytes.Equal(r.got, want) {
					t.Errorf("%d bytes, %v, want all %d", len(r.got), r.err, len(want))
				}
			}
		})
	}
}
