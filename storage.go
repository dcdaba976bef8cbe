package downloadview

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
)

// A Storage is where files are looked up by key. File does no I/O and takes no
// context: it describes, and whether the file is there shows when it is
// opened. The only error is a key that the storage can't have, which is an
// [fs.PathError] with [fs.ErrInvalid]. Several goroutines may use one Storage.
//
// A Storage may offer more: [Lister], [Exister], [Saver], [Deleter], [Timed],
// [URLer], [Pather]. Each is asked for by one function ([List], [Exists],
// [Save], [Delete], [TimesOf], [URL], [Path]), whose error is
// [errors.ErrUnsupported] where the storage can't.
//
// Their errors are those of [File].Open, and say something of the file in the
// same way; what they come from is wrapped by [AsCause].
type Storage interface {
	File(key string) (File, error)
}

// A Lister is a Storage that can list a folder. Storages don't unwrap: a
// wrapper that narrows a storage would be bypassed.
type Lister interface {
	Storage

	// List yields what is directly in folder, in ascending order of names
	// (bytewise): files that the storage would serve, and folders, for which
	// IsDir is true. folder is "" for the top, else a key without a trailing
	// slash. A folder that is not there is [fs.ErrNotExist]; a bucket, which
	// has no folders, says so where no key begins with folder and a slash.
	// After an error nothing more is yielded.
	List(ctx context.Context, folder string) iter.Seq2[fs.FileInfo, error]
}

// List lists a folder of s, as [Lister] says. Where s is no Lister the one
// error is [errors.ErrUnsupported].
func List(ctx context.Context, s Storage, folder string) iter.Seq2[fs.FileInfo, error] {
	if l, ok := s.(Lister); ok {
		return l.List(ctx, folder)
	}
	return func(yield func(fs.FileInfo, error) bool) {
		yield(nil, cannot(s, "list"))
	}
}

// cannot is the error of a storage without a capability.
func cannot(s Storage, what string) error {
	return fmt.Errorf("%T can't %s: %w", s, what, errors.ErrUnsupported)
}
