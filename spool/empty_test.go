package spool_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/spool"
)

// An emptyReader returns neither bytes nor an error.
type emptyReader struct{}

func (emptyReader) Read([]byte) (int, error) { return 0, nil }

// Content whose reader returns neither bytes nor an error is a failure. Making it would keep
// a processor busy for ever, and Close waiting.
func TestReaderThatReturnsNothing(t *testing.T) {
	s, e := newSpool(t, "", nil)
	f, err := s.File(spool.ID{Key: "a"}, downloadview.FromOpener("a", func(context.Context) (io.Reader, error) { return emptyReader{}, nil }, nil))
	if err != nil {
		t.Fatal(err)
	}
	h, err := f.Open(t.Context())
	if err == nil {
		_, err = io.ReadAll(h)
		h.Close()
	}
	if !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("%v, want ErrNoProgress", err)
	}
	e.await(spool.Failed, 1)
}
