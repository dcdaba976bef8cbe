package storagetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"

	"github.com/downloadview/downloadview"
)

// plainKey is a key that every storage can have.
const plainKey = "folder/file name.txt"

// bytesOf returns n pseudorandom bytes, different ones for each seed.
func bytesOf(seed byte, n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

// put stores content under key and returns its file.
func (fx Fixture) put(key string, content []byte) (downloadview.File, error) {
	if err := fx.Put(key, content); err != nil {
		return nil, fmt.Errorf("Put(%q): %w", key, err)
	}
	return fx.file(key)
}

func (fx Fixture) file(key string) (downloadview.File, error) {
	f, err := fx.Storage.File(key)
	switch {
	case err != nil:
		return nil, fmt.Errorf("File(%q): %w", key, err)
	case f == nil:
		return nil, fmt.Errorf("File(%q) returns a nil file and a nil error", key)
	}
	return f, nil
}

// opened checks what an open call returned.
func opened(h fs.File, err error) (fs.File, error) {
	if err == nil && h == nil {
		return nil, errors.New("the handle and the error are both nil")
	}
	return h, err
}

func readFile(ctx context.Context, f downloadview.File) ([]byte, error) {
	h, err := opened(f.Open(ctx))
	if err != nil {
		return nil, err
	}
	return drain(h)
}

// drain reads h to its end and closes it.
func drain(h fs.File) ([]byte, error) {
	content, err := io.ReadAll(h)
	if closeErr := h.Close(); err == nil {
		err = closeErr
	}
	return content, err
}
