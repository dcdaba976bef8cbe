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

// Save writes an object, with the media type of its name, as
// [downloadview.TypeByName] says; the type is never guessed from the bytes. If
// r or ctx fails, the write is cancelled and the drivers commit nothing: the
// object changes only when all bytes are there. A cloud may keep parts of an
// upload if the process is killed; they aren't an object, and a lifecycle rule
// of the bucket can remove them.
//
// A bucket of local files writes to a temporary name and renames it, but syncs
// nothing. The temporary file is in [os.TempDir], or with the driver's option
// no_tmp_dir beside the file, as "name.….tmp"; no valid key has such a name.
// The attributes of the file are written to another file before that, so
// opening the object at that moment may fail. If a folder has the name, the
// error is [downloadview.ErrUpstream]. If key is behind a link that leads out
// of the folder of the bucket, the error is [fs.ErrInvalid]. This is checked
// before the write: other users must not be able to create links in the folder
// meanwhile, because fileblob follows them.
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
		if !done { // nothing must be committed, even if in panics
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

// plain hides the other methods of a reader from a Writer. With WriteTo, the
// Writer couldn't tell whether an error was the reader's or its own.
type plain struct{ io.Reader }

// closeWriter closes w. The driver of Azure panics if an upload failed.
func closeWriter(w io.Closer) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the driver panics: %v", r)
		}
	}()
	return w.Close()
}

var _ downloadview.Saver = (*Storage)(nil)
