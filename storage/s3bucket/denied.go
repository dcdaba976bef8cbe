package s3bucket

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/downloadview/downloadview"
)

// failure is that of the storage, for what reads the object. One that may not be
// read is as one that is missing: S3 tells the two apart only to those who may
// list the bucket.
func (f *file) failure(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil || !answerOf(err).isDenied() {
		return f.storage.failure(ctx, op, f.key, err)
	}
	if l := f.storage.logger; l != nil {
		l.LogAttrs(ctx, slog.LevelWarn, "access denied to an object, which is forbidden or missing",
			slog.String("bucket", f.storage.bucket), slog.String("key", f.storage.prefix+f.key), slog.Any("error", err))
	}
	return &fs.PathError{Op: op, Path: f.key, Err: fmt.Errorf("%w, or access denied: %w", fs.ErrNotExist, downloadview.AsCause(err))}
}
