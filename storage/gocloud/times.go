package gocloud

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/filetime"
)

// Times returns when an object was created, if the driver knows it, as those of
// Azure and Google do. For a local file it returns the times that the system
// keeps. The driver of S3 doesn't know the time: the error is
// [errors.ErrUnsupported].
func (s *Storage) Times(ctx context.Context, key string) (downloadview.Times, error) {
	f, err := s.File(key)
	if err != nil {
		return downloadview.Times{}, err
	}
	var t downloadview.Times
	if s.onDisk {
		t, err = localTimes(ctx, f)
	} else {
		t, err = s.objectTimes(ctx, key)
	}
	if err == nil && t.Created.IsZero() && t.Accessed.IsZero() {
		err = &fs.PathError{Op: "times", Path: key, Err: fmt.Errorf("%w: the bucket has no times of creation or access", errors.ErrUnsupported)}
	}
	return t, err
}

func (s *Storage) objectTimes(ctx context.Context, key string) (downloadview.Times, error) {
	if err := ctx.Err(); err != nil {
		return downloadview.Times{}, s.failure(ctx, "times", key, err)
	}
	a, err := s.bucket.Attributes(ctx, key)
	if err != nil {
		return downloadview.Times{}, s.failure(ctx, "times", key, err)
	}
	return downloadview.Times{Created: a.CreateTime, Modified: modTime(a)}, nil
}

func localTimes(ctx context.Context, f downloadview.File) (downloadview.Times, error) {
	h, err := f.Open(ctx)
	if err != nil {
		return downloadview.Times{}, err
	}
	defer h.Close()
	if l, ok := h.(*local); ok {
		return filetime.Of(l.file)
	}
	return downloadview.Times{}, nil
}

var _ downloadview.Timed = (*Storage)(nil)
