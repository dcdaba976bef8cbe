package spool_test

import (
	"context"
	"io"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/spool"
	"github.com/downloadview/downloadview/storage/disk"
)

type panickingCloser struct{ io.Reader }

func (panickingCloser) Close() error { panic("of Close") }

// Content is made in a goroutine of the spool, in which a panic would end the program.
func TestPanicsWhileContentIsMade(t *testing.T) {
	for name, o := range map[string]*spool.Options{
		"the file, when it is closed": {},
		"the Observer":                {Observer: func(spool.Event) { panic("of the observer") }},
	} {
		t.Run(name, func(t *testing.T) {
			o.Logger = slog.New(slog.DiscardHandler)
			s, err := spool.New(t.TempDir(), o)
			if err != nil {
				t.Fatal(err)
			}
			made := downloadview.FromOpener("a", func(context.Context) (io.Reader, error) {
				if o.Observer == nil {
					return panickingCloser{strings.NewReader("content")}, nil
				}
				return strings.NewReader("content"), nil
			}, nil)
			if err := s.Warm(t.Context(), spool.ID{Key: "a"}, made); err != nil {
				t.Error(err)
			}
			f, err := s.File(spool.ID{Key: "a"}, made)
			if err != nil {
				t.Fatal(err)
			}
			if got := open(t, f); string(got) != "content" {
				t.Errorf("%q, want the content", got)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A slowObject is never made, and has ranges whose handles panic when they are closed.
type slowObject struct{ downloadview.File }

func (f slowObject) Open(ctx context.Context) (fs.File, error) {
	return waitingHandle{f.File, ctx}, nil
}

func (f slowObject) OpenRange(ctx context.Context, _, _ int64) (fs.File, error) {
	h, err := f.File.Open(ctx)
	return panickingHandle{h}, err
}

type waitingHandle struct {
	file downloadview.File
	ctx  context.Context
}

func (h waitingHandle) Stat() (fs.FileInfo, error) { return downloadview.Stat(h.ctx, h.file) }
func (h waitingHandle) Close() error               { return nil }

func (h waitingHandle) Read([]byte) (int, error) {
	<-h.ctx.Done()
	return 0, h.ctx.Err()
}

type panickingHandle struct{ fs.File }

func (panickingHandle) Close() error { panic("of Close") }

// A client whose handle panics when it is closed has left.
func TestLeavingByAPanic(t *testing.T) {
	s, seen := newSpool(t, "", &spool.Options{Linger: time.Nanosecond})
	f, err := s.File(spool.ID{Key: "a"}, slowObject{downloadview.FromString("a", "0123456789", &downloadview.Attributes{ETag: `"1"`})})
	if err != nil {
		t.Fatal(err)
	}
	h, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.(io.Seeker).Seek(5, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Read(make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() { recover() }()
		h.Close()
	}()
	seen.await(spool.Failed, 1) // nobody wants it any more
}

type neverDeletes struct{ *disk.Storage }

func (neverDeletes) Delete(context.Context, string) error { panic("of Delete") }

// The spool may delete from the second store in a goroutine of its own.
func TestPanicOfDelete(t *testing.T) {
	second, _ := newStore(t)
	s, _ := newSpool(t, "", &spool.Options{Second: neverDeletes{second}})
	if err := s.Forget(t.Context(), spool.ID{Key: "a"}); err == nil || !strings.Contains(err.Error(), "panic: of Delete") {
		t.Errorf("%v, want the panic", err)
	}
}
