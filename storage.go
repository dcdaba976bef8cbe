package downloadview

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"time"
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

// A Saver is a Storage that files can be put into.
type Saver interface {
	Storage

	// Save stores all that r gives under key, in place of the file that is
	// there. The file changes in one step: who opens it meanwhile gets the old
	// one, and after a failure it is still there, or still nothing; never a
	// part. Of several that save under one key at once, the last one to end
	// stays, whole. Several goroutines may save.
	//
	// The error is that of r where r failed, and that of ctx where ctx ended
	// first, which is noticed between two reads. A key that the storage can't
	// have is [fs.ErrInvalid], one where a folder is, or below a file,
	// [fs.ErrExist] if the storage has folders; what is forbidden is
	// [fs.ErrPermission], and trouble further up [ErrUpstream]. Of trouble
	// further up one can't know whether it came before the change or after.
	Save(ctx context.Context, key string, r io.Reader) error
}

// Save stores what r gives under key in s, as [Saver] says. Where s is no Saver
// the error is [errors.ErrUnsupported], and r is not read.
func Save(ctx context.Context, s Storage, key string, r io.Reader) error {
	if w, ok := s.(Saver); ok {
		return w.Save(ctx, key, r)
	}
	return cannot(s, "save")
}

// A Deleter is a Storage that files can be removed from.
type Deleter interface {
	Storage

	// Delete removes the file under key. Handles that are open keep their
	// bytes, or fail; they never get others. What is missing is
	// [fs.ErrNotExist], and so is a folder, which is never removed; a key that
	// the storage can't have is [fs.ErrInvalid], what is forbidden
	// [fs.ErrPermission]. Where several delete one file at once, more than one
	// may succeed. Several goroutines may delete.
	Delete(ctx context.Context, key string) error
}

// Delete removes the file under key from s, as [Deleter] says. Where s is no
// Deleter the error is [errors.ErrUnsupported].
func Delete(ctx context.Context, s Storage, key string) error {
	if d, ok := s.(Deleter); ok {
		return d.Delete(ctx, key)
	}
	return cannot(s, "delete")
}

// Times are moments in the life of a file. A zero time is not known.
type Times struct {
	Created  time.Time // when the file came to be; one that is replaced may begin anew
	Modified time.Time // last change of its bytes, as [AttributesOf] has it
	Accessed time.Time // last read, as coarse as the system keeps it
}

// A Timed is a Storage that knows more of a file's times than when it was
// modified.
type Timed interface {
	Storage

	// Times returns what is known of the file under key. Where that is neither
	// Created nor Accessed the error is [errors.ErrUnsupported]; the rest are
	// those of opening the file.
	Times(ctx context.Context, key string) (Times, error)
}

// TimesOf returns the times of the file under key in s, as [Timed] says. Where
// s is not Timed the error is [errors.ErrUnsupported]; when the file was
// modified can be had from [Stat] always.
func TimesOf(ctx context.Context, s Storage, key string) (Times, error) {
	if t, ok := s.(Timed); ok {
		return t.Times(ctx, key)
	}
	return Times{}, cannot(s, "tell when a file was created or read")
}

// A URLer is a Storage whose files have public URLs.
type URLer interface {
	Storage

	// URL returns the public URL of the file under key, escaped and unsigned:
	// whoever has it needs no permission of this application. It may be
	// relative to a host, as "/media/a%20b". It is made from what the storage
	// was configured with, and whether there is a file, and whether it may be
	// had there, is not looked at. A storage without such a configuration, and
	// a key that no URL leads to, is [errors.ErrUnsupported]; a key that the
	// storage can't have is [fs.ErrInvalid].
	URL(ctx context.Context, key string) (string, error)
}

// URL returns the public URL of the file under key in s, as [URLer] says. Where
// s is no URLer the error is [errors.ErrUnsupported].
func URL(ctx context.Context, s Storage, key string) (string, error) {
	if u, ok := s.(URLer); ok {
		return u.URL(ctx, key)
	}
	return "", cannot(s, "tell a public URL")
}

// A Pather is a Storage whose files are local ones.
type Pather interface {
	Storage

	// Path returns the absolute path of the file under key, as the system
	// spells it. It does no I/O: whether there is a file is not looked at. A
	// storage that doesn't know where its files are is
	// [errors.ErrUnsupported]; a key that the storage can't have is
	// [fs.ErrInvalid].
	//
	// Who opens a path follows symbolic links wherever they lead, which the
	// storage may not.
	Path(key string) (string, error)
}

// Path returns the local path of the file under key in s, as [Pather] says.
// Where s is no Pather the error is [errors.ErrUnsupported].
func Path(s Storage, key string) (string, error) {
	if p, ok := s.(Pather); ok {
		return p.Path(key)
	}
	return "", cannot(s, "tell a path")
}
