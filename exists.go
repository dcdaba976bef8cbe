package downloadview

import (
	"context"
)

// An Exister is a Storage that can tell whether a file is there for less than
// it costs to open it or to ask for its metadata.
type Exister interface {
	Storage
	Exists(ctx context.Context, key string) (bool, error)
}

// Exists tells whether s has a file under key: by s itself where it is an
// [Exister], else by the [Stat] of the file. What is missing, a folder, and a
// key that s can't have are false without an error. An error means that it
// can't be told, as where the store is not reached ([ErrUpstream]), or
// [fs.ErrPermission].
//
// The answer is old when it arrives: to open what may be missing, open it and
// look for [fs.ErrNotExist].
func Exists(ctx context.Context, s Storage, key string) (bool, error) {
	var found bool
	var err error
	if e, ok := s.(Exister); ok {
		found, err = e.Exists(ctx, key)
	} else {
		found, err = opens(ctx, s, key)
	}
	if saysMissing(err) {
		return false, nil
	}
	return found && err == nil, err
}

func opens(ctx context.Context, s Storage, key string) (bool, error) {
	f, err := s.File(key)
	if err != nil {
		return false, err
	}
	_, err = Stat(ctx, f)
	return err == nil, err
}
