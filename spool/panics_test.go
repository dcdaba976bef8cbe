package spool_test

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"

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
