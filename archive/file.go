package archive

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"sync"

	"github.com/downloadview/downloadview"
)

// An archive is a file that is made of other files.
type archive struct {
	name        string
	contentType string
	format      format
	entries     iter.Seq2[Entry, error]
	options     *settings

	mu   sync.Mutex
	last *index // for Pin and Looked: the handler opens what it has looked at
}

func newArchive(name, contentType string, f format, entries iter.Seq2[Entry, error], o *settings) *archive {
	return &archive{name: name, contentType: contentType, format: f, entries: entries, options: o}
}

func (a *archive) Name() string { return a.name }

// look makes the index anew, so that it describes the members as they are.
func (a *archive) look(ctx context.Context) (*index, error) {
	ix, err := newIndex(ctx, a.name, a.contentType, a.format, a.entries, a.options)
	if err != nil {
		return nil, fmt.Errorf("archive %q: %w", a.name, err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last = ix
	return ix, nil
}

func (a *archive) Stat(ctx context.Context) (fs.FileInfo, error) {
	ix, err := a.look(ctx)
	if err != nil {
		return nil, err
	}
	return ix.info, nil
}

func (a *archive) Open(ctx context.Context) (fs.File, error) {
	ix, err := a.look(ctx)
	if err != nil {
		return nil, err
	}
	return a.open(ctx, ix, 0, -1)
}

func (a *archive) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	ix, err := a.look(ctx)
	if err != nil {
		return nil, err
	}
	return a.openRange(ctx, ix, offset, length)
}

func (a *archive) openRange(ctx context.Context, ix *index, offset, length int64) (fs.File, error) {
	switch {
	case ix.tag == "":
		return nil, fmt.Errorf("a member of %q has no validator: %w", a.name, errors.ErrUnsupported)
	case offset < 0:
		offset, length = max(ix.size+offset, 0), -1
	case offset >= ix.size:
		return nil, fmt.Errorf("offset %d in %d bytes: %w", offset, ix.size, downloadview.ErrRange)
	}
	return a.open(ctx, ix, offset, length)
}

func (a *archive) open(ctx context.Context, ix *index, offset, length int64) (fs.File, error) {
	end := ix.size
	if length >= 0 && length < ix.size-offset {
		end = offset + length
	}
	return &sender{newHandle(ctx, ix, a.options, offset, end)}, nil
}

// Pin returns the archive in the version with this tag. If that is the version of
// the last look, the members are not asked again.
func (a *archive) Pin(etag string) downloadview.File { return &pinned{a, etag, nil} }

// Looked returns the archive of the last look, whose members are not asked again; see
// [downloadview.Pinner].
func (a *archive) Looked(etag string) (downloadview.File, bool) {
	ix := a.known(etag)
	return &pinned{a, etag, ix}, ix != nil
}

// known returns the index of the last look if the archive had this tag then, else nil.
func (a *archive) known(etag string) *index {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.last == nil || a.last.tag != etag {
		return nil
	}
	return a.last
}

type pinned struct {
	*archive
	tag   string
	index *index // nil: that of the last look, or of a new one
}

func (p *pinned) look(ctx context.Context) (*index, error) {
	if p.index != nil {
		return p.index, nil
	}
	if ix := p.known(p.tag); ix != nil {
		return ix, nil
	}
	ix, err := p.archive.look(ctx)
	if err == nil && ix.tag != p.tag {
		err = fmt.Errorf("archive %q: %w: its version was %s and is %s now", p.name, downloadview.ErrChanged, p.tag, ix.tag)
	}
	return ix, err
}

func (p *pinned) Stat(ctx context.Context) (fs.FileInfo, error) {
	ix, err := p.look(ctx)
	if err != nil {
		return nil, err
	}
	return ix.info, nil
}

func (p *pinned) Open(ctx context.Context) (fs.File, error) {
	ix, err := p.look(ctx)
	if err != nil {
		return nil, err
	}
	return p.open(ctx, ix, 0, -1)
}

func (p *pinned) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	ix, err := p.look(ctx)
	if err != nil {
		return nil, err
	}
	return p.openRange(ctx, ix, offset, length)
}

var (
	_ downloadview.StatFile  = (*archive)(nil)
	_ downloadview.RangeFile = (*archive)(nil)
	_ downloadview.Pinner    = (*archive)(nil)
	_ downloadview.StatFile  = (*pinned)(nil)
	_ downloadview.RangeFile = (*pinned)(nil)
)
