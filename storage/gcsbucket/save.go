package gcsbucket

import (
	"context"
	"io"
	"io/fs"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/incoming"
)

// chunk is how much of an upload is kept in memory and sent at once.
const chunk = 8 << 20

// Save stores an object, with the media type that its name has, as
// [downloadview.TypeByName] says. Less than 8 MiB are one request. What is longer
// is uploaded in chunks of 8 MiB, one after the other, of which each is kept in
// memory while it is sent; Google may be asked again for the same chunk for half
// a minute.
//
// An object changes when its last request is answered. What a Save that failed
// has sent is no object and not listed; Google forgets it after a week.
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
	defer func() { // also where in panics
		cancel()
		if !stored {
			w.Close() // would store what there is, had the context not ended
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
