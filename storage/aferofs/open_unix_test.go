//go:build unix

package aferofs

import (
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/afero"
)

// If a pipe takes the place of a file after the check, it is opened without
// waiting for a writer.
func TestOsFsDoesNotWait(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	s := New(afero.NewOsFs(), nil)
	opened := make(chan error, 1)
	go func() {
		h, err := s.open(t.Context(), "pipe", pipe)
		if err == nil {
			err = h.Close()
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("open waits for a writer")
	}
}
