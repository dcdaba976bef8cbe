package spool_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"testing"

	"github.com/downloadview/downloadview/spool"
)

// An upperFile is a file of the system whose handles embed an os.File, and change the bytes.
type upperFile struct{ path string }

func (upperFile) Name() string { return "a" }

func (f upperFile) Open(context.Context) (fs.File, error) {
	h, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	return upperHandle{h}, nil
}

type upperHandle struct{ *os.File }

func (h upperHandle) Read(p []byte) (int, error) {
	n, err := h.File.Read(p)
	copy(p, bytes.ToUpper(p[:n]))
	return n, err
}

// What is kept is what Read returns: the WriteTo of the embedded file doesn't know of that.
func TestHandleThatEmbedsAFile(t *testing.T) {
	content := bytes.Repeat([]byte("abcdefghij"), 10_000)
	path := t.TempDir() + "/a"
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	s, _ := newSpool(t, "", nil)
	f, err := s.File(spool.ID{Key: "a"}, upperFile{path})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // while it is made, and kept
		if got := open(t, f); !bytes.Equal(got, bytes.ToUpper(content)) {
			t.Errorf("%d bytes, begin %.10q; want those of Read", len(got), got)
		}
	}
}
