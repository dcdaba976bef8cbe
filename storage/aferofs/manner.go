package aferofs

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"reflect"
	"sync"

	"github.com/spf13/afero"
)

// A manner is how a handle is read.
type manner int

const (
	positioned manner = iota + 1 // by ReadAt, which doesn't move the handle
	inOrder                      // by Read, each handle on its own
	forward                      // in order, and Seek fails
)

// manners has the manner of each type of handle that the Fs has returned.
type manners struct {
	byType sync.Map // of manner, by reflect.Type

	// turn has room for one: whoever is finding out a manner. Handles may share a
	// reader, so two must not find out at the same time. A file of a known type
	// doesn't wait for it.
	turn chan struct{}
}

// errShared means that handles can't be read independently of each other.
var errShared = errors.New("the handles of the Fs share a reader, and their ReadAt moves it or is missing")

// handle returns h, which was just opened, or another handle of f, as a file of
// size bytes.
func (f *file) handle(ctx context.Context, h afero.File, size int64) (fs.File, error) {
	if size == 0 { // an empty file has no position to check
		return &handle{file: f, inner: h, manner: inOrder}, nil
	}
	m, fresh, err := f.manner(ctx, h)
	if err != nil {
		h.Close()
		return nil, err
	}
	if !fresh {
		h.Close()
		if h, err = f.storage.open(ctx, f.key, f.name); err != nil {
			return nil, err
		}
	}
	if m == forward {
		return struct{ fs.File }{&handle{file: f, inner: h, manner: inOrder, size: size}}, nil
	}
	return &handle{file: f, inner: h, manner: m, size: size}, nil
}

// manner returns how handles of the type of h are read, and whether h is
// unchanged.
func (f *file) manner(ctx context.Context, h afero.File) (m manner, fresh bool, err error) {
	all := &f.storage.manners
	t := reflect.TypeOf(h)
	if m, ok := all.byType.Load(t); ok {
		return m.(manner), true, nil
	}
	select {
	case all.turn <- struct{}{}:
		defer func() { <-all.turn }()
	case <-ctx.Done(): // an Fs may take any time
		return 0, false, ctx.Err()
	}
	if m, ok := all.byType.Load(t); ok {
		return m.(manner), true, nil
	}
	switch {
	case keepsPosition(h):
		m, fresh = positioned, true
	default:
		if err := f.checkAlone(ctx); err != nil {
			return 0, false, err
		}
		m = inOrder
		// Each afero.File has a Seek; that of afero.FromIOFS fails if the file inside has
		// none, such as a member of a zip archive.
		if _, err := h.Seek(0, io.SeekCurrent); err != nil {
			m = forward
		}
	}
	all.byType.Store(t, m)
	return m, fresh, nil
}

// keepsPosition reports whether ReadAt reads a byte without moving h, as far as
// this can be detected.
func keepsPosition(h afero.File) bool {
	before, seekErr := h.Seek(0, io.SeekCurrent)
	var b [1]byte
	if n, _ := h.ReadAt(b[:], 0); n != 1 {
		return false
	}
	after, err := h.Seek(0, io.SeekCurrent)
	return seekErr != nil || err == nil && before == after
}

// checkAlone returns an error if reading one handle of f moves another.
func (f *file) checkAlone(ctx context.Context) error {
	one, err := f.storage.open(ctx, f.key, f.name)
	if err != nil {
		return err
	}
	defer one.Close()
	other, err := f.storage.open(ctx, f.key, f.name)
	if err != nil {
		return err
	}
	defer other.Close()
	var b [1]byte
	one.Read(b[:]) // an error occurs again later
	if at, err := other.Seek(0, io.SeekCurrent); err == nil && at != 0 {
		return &fs.PathError{Op: "open", Path: f.key, Err: errShared}
	}
	return nil
}
