package spool

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// File returns a file with the name and the content of f, which is made once for
// id. Making the File does no I/O. It can be opened any number of times; so must f
// be, such as a file of [downloadview.FromFunc], unlike one of
// [downloadview.FromReader]. The error is for an empty key.
//
// Open returns the complete file if the folder has it. Else it opens f, or follows
// what another request is making. It returns when f is open, with the error of f if
// there is one. f is opened and read with a context that has the values of the first
// request, but doesn't end with it: see Options.Linger. A handle that follows waits
// for bytes that are not there yet, until the context of its own Open ends. If f
// fails half way, so do those who follow.
//
// If f has a size beforehand, what is being made has that size, and ranges. They wait
// for their bytes; if f is a [downloadview.RangeFile] with a strong entity tag, they
// come from f instead. Content of another size than f has is a failure.
//
// Else the size is not known, and ranges are those of RFC 8673: from a byte on what is
// there and what comes, if the client asks for it by a very large last position (2^39 or
// more), or by none without If-Range. Other ranges are answered with everything (RFC
// 9110, 14.2). HEAD with a range tells what is there.
//
// The entity tag is the strong one of f. If f has none, each making has a new
// random tag, since content that is made again may differ, by a time stamp for
// example; it is the same while the content is made and when it is complete. The time
// of complete content is when it was completed, as on disk, so that a proxy makes the
// same validators; before, it is that of f. The type, the encoding and the language
// are those of f. Repr-Digest of complete content is its SHA-256.
//
// Stat doesn't make anything: until the content is there, it is that of f, and the
// error is [errors.ErrUnsupported] if f is no [downloadview.StatFile]. Source is the
// complete file; without one it is false. Unlike others, this Source looks into the
// folder (24 system calls on Linux), and records that a proxy may open the file
// within the next minute.
func (s *Spool) File(id ID, f downloadview.File) (downloadview.File, error) {
	if err := id.check(); err != nil {
		return nil, err
	}
	if wrapper.IsNothing(f) {
		return nil, errors.New("spool: the file is nil")
	}
	return &file{spool: s, id: id, name: id.name(), inner: f}, nil
}

type file struct {
	spool *Spool
	id    ID
	name  string // of the file in the folder
	inner downloadview.File
}

func (f *file) Name() string { return f.inner.Name() }

func (f *file) Open(ctx context.Context) (fs.File, error) {
	h, _, err := f.OpenStat(ctx)
	return h, err
}

func (f *file) OpenStat(ctx context.Context) (fs.File, fs.FileInfo, error) {
	if err := cmp.Or(ctx.Err(), context.Cause(f.spool.stopped)); err != nil {
		return nil, nil, err
	}
	if ctx.Value(makingKey{f.spool, f.name}) != nil { // f is spooled twice: it would wait for itself
		return f.openInner(ctx)
	}
	for tries := 0; tries < 4 && !f.spool.isUnfit(f.name); tries++ {
		if h, err := f.openKept(); err == nil {
			return h, h.info, nil
		}
		m, err := f.spool.join(ctx, f)
		if err != nil {
			return nil, nil, err
		}
		h, err := m.follow(ctx)
		switch {
		case err == nil && h != nil:
			return h, h.info, nil
		case errors.Is(err, errUnspooled):
			return f.openInner(ctx)
		case err != nil:
			return nil, nil, err
		}
		// It was completed meanwhile, by another process.
	}
	return f.openInner(ctx)
}

// openKept opens the complete file, named as the inner one.
func (f *file) openKept() (*kept, error) {
	h, r, err := f.spool.openKept(f.name)
	if err != nil {
		return nil, err
	}
	f.spool.use(f.name, time.Now())
	f.spool.observe(Event{Kind: Hit, ID: f.id, Bytes: r.Size})
	return h, nil
}

// openInner opens what isn't spooled.
func (f *file) openInner(ctx context.Context) (fs.File, fs.FileInfo, error) {
	h, err := wrapper.Open(ctx, f.inner)
	if err != nil {
		return nil, nil, err
	}
	fi, err := wrapper.Stat(h)
	if err != nil {
		h.Close()
		return nil, nil, err
	}
	return h, fi, nil
}

func (f *file) Stat(ctx context.Context) (fs.FileInfo, error) {
	if err := context.Cause(f.spool.stopped); err != nil {
		return nil, err
	}
	if r, err := f.spool.statKept(f.name); err == nil {
		return r.fileInfo(), nil
	}
	f.spool.mu.Lock()
	m := f.spool.making[f.name]
	f.spool.mu.Unlock()
	if m != nil {
		select {
		case <-m.ready:
			if m.part != nil {
				return m.known(), nil
			}
		default:
		}
	}
	if inner, ok := downloadview.Find[downloadview.StatFile](f.inner); ok {
		return inner.Stat(ctx)
	}
	return nil, errors.ErrUnsupported
}

func (f *file) Source() (downloadview.Source, bool) {
	s := f.spool
	if _, err := s.statKept(f.name); err != nil || !s.handOver(f.name) {
		return downloadview.Source{}, false
	}
	path := filepath.ToSlash(filepath.Join(s.Files(), f.name))
	if path[0] != '/' {
		path = "/" + path // C:/x
	}
	return downloadview.Source{Scheme: "file", Path: path}, true
}

// ContentVersion returns the Version of the ID, which is the same however often the content
// is made. Package middleware finds it by its name.
func (f *file) ContentVersion() string { return f.id.Version }

func (s *Spool) isUnfit(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unfit[name]
}

var (
	_ downloadview.StatFile = (*file)(nil)
	_ downloadview.Sourcer  = (*file)(nil)
)
