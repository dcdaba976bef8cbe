package gocloud

import (
	"context"
	"fmt"
	"io"
	"io/fs"

	"gocloud.dev/blob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/incoming"
)

// Save writes an object, with the media type that its name has, as
// [downloadview.TypeByName] says; it is never guessed from the bytes. Where r
// or ctx fails the write is cancelled, and the drivers commit nothing: the
// object changes when all is there. What a cloud keeps of an upload that a
// killed process left is no object; a lifecycle rule of the bucket can remove
// it.
//
// A bucket of local files writes to a temporary name and renames it, but syncs
// nothing. By its own choice that is in [os.TempDir], or with no_tmp_dir beside
// the file, as "name.….tmp", where no key has a name like that. What it knows
// of a file it writes to another one beforehand: whoever opens the object in
// that moment may get an error. A name that a folder has is
// [downloadview.ErrUpstream]. A key behind a link that leads out of the folder of
// the bucket is [fs.ErrInvalid] where the link is there beforehand. Others must
// not be able to make links in the folder meanwhile: fileblob follows them.
func (s *Storage) Save(ctx context.Context, key string, r io.Reader) error {
	if _, err := s.File(key); err != nil {
		return err
	}
	if s.onDisk {
		if err := s.folder.checkWrite(key); err != nil {
			return s.localFailure(ctx, "save", key, err)
		}
	}
	in := incoming.NewReader(ctx, r)
	err := s.write(ctx, key, in)
	switch read := in.Err(); {
	case err == nil:
		return nil
	case read != nil:
		return &fs.PathError{Op: "save", Path: key, Err: read}
	}
	return s.failure(ctx, "save", key, err)
}

func (s *Storage) write(ctx context.Context, key string, in *incoming.Reader) (err error) {
	if err := in.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w, err := s.bucket.NewWriter(ctx, key, &blob.WriterOptions{
		ContentType: incoming.MediaType(key),
	})
	if err != nil {
		return err
	}
	done := false
	defer func() {
		if !done { // nothing must be committed, also where in panics
			cancel()
			closeWriter(w)
		}
	}()
	if _, err := io.Copy(w, plain{in}); err != nil {
		return err
	}
	if err := in.Err(); err != nil {
		return err
	}
	done = true
	return closeWriter(w)
}

// plain keeps a Writer from taking the reader over: there it would hide whose
// error it was.
type plain struct{ io.Reader }

// closeWriter closes w. The driver of Azure panics where an upload failed.
func closeWriter(w io.Closer) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the driver panics: %v", r)
		}
	}()
	return w.Close()
}

var _ downloadview.Saver = (*Storage)(nil)
