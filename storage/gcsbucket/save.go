package gcsbucket

import (
	"context"
	"io"
	"io/fs"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/incoming"
)

// chunk is how much of an upload is kept in memory and sent at once, in bytes.
const chunk = 8 << 20

// Save stores an object, with the media type of its name, as
// [downloadview.TypeByName] says. Less than 8 MiB are sent in one request. More
// is uploaded in chunks of 8 MiB, one after the other; each is kept in memory
// while it is sent, and may be sent again for half a minute.
//
// The object changes when the last request has been answered. The bytes of a
// Save that failed aren't an object and aren't listed; Google removes them
// after a week.
func (s *Storage) Save(ctx context.Context, key string, r io.Reader) error {
	if _, err := s.File(key); err != nil {
		return err
	}
	in := incoming.NewReader(ctx, r)
	err := s.upload(ctx, key, in)
	switch read := in.Err(); {
	case err == nil:
		return nil
	case read != nil:
		return &fs.PathError{Op: "save", Path: key, Err: read}
	}
	return failure(ctx, "save", key, err)
}

func (s *Storage) upload(ctx context.Context, key string, in *incoming.Reader) error {
	ctx, cancel := context.WithCancel(ctx)
	w := s.object(key).NewWriter(ctx)
	w.ChunkSize = chunk
	w.ContentType = incoming.MediaType(key)
	stored := false
	defer func() { // even if in panics
		cancel()
		if !stored {
			w.Close() // it doesn't store the bytes, because the context has ended
		}
	}()
	if _, err := io.Copy(w, in); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	stored = true
	return w.Close()
}

var _ downloadview.Saver = (*Storage)(nil)
