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

// A Storage finds files by key. File does no I/O and has no context: it only
// describes the file, and a missing file is an error when it is opened. The
// only error of File is for a key that the storage can't have: an
// [fs.PathError] with [fs.ErrInvalid]. Several goroutines may use one Storage.
//
// A Storage may offer more: [Lister], [Exister], [Saver], [Deleter], [Timed],
// [URLer], [Pather]. One function calls each ([List], [Exists], [Save],
// [Delete], [TimesOf], [URL], [Path]). Its error is [errors.ErrUnsupported] if
// the storage doesn't offer it.
//
// The errors mean the same as those of [File].Open. [AsCause] wraps their
// causes.
type Storage interface {
	File(key string) (File, error)
}

// A Lister is a Storage that can list a folder. Storages don't unwrap: a
// wrapper that narrows a storage would be bypassed.
type Lister interface {
	Storage

	// List yields the direct content of folder in ascending order of names
	// (bytewise): files that the storage would serve, and folders, for which IsDir
	// is true. folder is "" for the top, else a key without a slash at its end. If
	// the folder doesn't exist, the error is [fs.ErrNotExist]; a bucket has no
	// folders and returns it if no key begins with folder and a slash. After an
	// error nothing more is yielded.
	List(ctx context.Context, folder string) iter.Seq2[fs.FileInfo, error]
}

// List lists a folder of s, as [Lister] says. If s is no Lister, it yields one
// error, [errors.ErrUnsupported].
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

// An Exister is a Storage that can find out whether a file exists, for less
// than it costs to open the file or to ask for its metadata.
type Exister interface {
	Storage
	Exists(ctx context.Context, key string) (bool, error)
}

// Exists reports whether s has a file under key. It asks s itself if s is an
// [Exister], else it calls [Stat] of the file. It is false, without an error,
// for a missing file, for a folder, and for a key that s can't have. An error
// means that the answer is not known: [ErrUpstream] if the store can't be
// reached, or [fs.ErrPermission].
//
// The answer may be out of date when it arrives. To open a file that may be
// missing, open it and check for [fs.ErrNotExist].
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
	f, err := fileOf(s, key)
	if err != nil {
		return false, err
	}
	fi, err := Stat(ctx, f)
	if err == nil {
		err = regular(fi) // a File of a local path may open a folder
	}
	return err == nil, err
}

// A Saver is a Storage that files can be put into.
type Saver interface {
	Storage

	// Save stores everything that r reads under key, and replaces the file that is
	// there. The file changes in one step: a reader that opens it meanwhile gets
	// the old file, and after a failure the old file, or none, is still there;
	// never a part. If several calls save under one key at once, the one that ends
	// last wins, and its file is whole. Several goroutines may save.
	//
	// If r fails, the error is that of r. If ctx ends first, which is checked
	// between two reads, the error is that of ctx. The error is [fs.ErrInvalid] for
	// a key that the storage can't have; [fs.ErrExist] for a key that is a folder
	// or lies below a file, if the storage has folders; [fs.ErrPermission] if
	// saving is forbidden; [ErrUpstream] if the store fails. After ErrUpstream it
	// is not known whether the file was changed.
	Save(ctx context.Context, key string, r io.Reader) error
}

// Save stores what r reads under key in s, as [Saver] says. If s is no Saver,
// the error is [errors.ErrUnsupported] and r is not read.
func Save(ctx context.Context, s Storage, key string, r io.Reader) error {
	if w, ok := s.(Saver); ok {
		return w.Save(ctx, key, r)
	}
	return cannot(s, "save")
}

// A Deleter is a Storage that files can be removed from.
type Deleter interface {
	Storage

	// Delete removes the file under key. Handles that are open keep their bytes or
	// fail; they never get other bytes. The error is [fs.ErrNotExist] for a missing
	// file and for a folder, which is never removed; [fs.ErrInvalid] for a key that
	// the storage can't have; [fs.ErrPermission] if deleting is forbidden. If
	// several calls delete one file at once, more than one may succeed. Several
	// goroutines may delete.
	Delete(ctx context.Context, key string) error
}

// Delete removes the file under key from s, as [Deleter] says. If s is no
// Deleter, the error is [errors.ErrUnsupported].
func Delete(ctx context.Context, s Storage, key string) error {
	if d, ok := s.(Deleter); ok {
		return d.Delete(ctx, key)
	}
	return cannot(s, "delete")
}

// Times are points in the life of a file. A zero time is not known.
type Times struct {
	Created  time.Time // creation of the file; replacing the file may set it anew
	Modified time.Time // last change of the bytes, as in [AttributesOf]
	Accessed time.Time // last read, with the precision of the system
}

// A Timed is a Storage that knows more times of a file than that of its last
// change.
type Timed interface {
	Storage

	// Times returns what is known of the file under key. If neither Created nor
	// Accessed is known, the error is [errors.ErrUnsupported]. The other errors are
	// those of opening the file.
	Times(ctx context.Context, key string) (Times, error)
}

// TimesOf returns the times of the file under key in s, as [Timed] says. If s
// is not Timed, the error is [errors.ErrUnsupported]; the time of the last
// change is always in the result of [Stat].
func TimesOf(ctx context.Context, s Storage, key string) (Times, error) {
	if t, ok := s.(Timed); ok {
		return t.Times(ctx, key)
	}
	return Times{}, cannot(s, "tell when a file was created or read")
}

// A URLer is a Storage whose files have public URLs.
type URLer interface {
	Storage

	// URL returns the public URL of the file under key, escaped: everybody who has
	// it can fetch the file without asking this application. It is unsigned, unless
	// the documentation of the storage says that it signs links, which end. It may
	// be relative to a host, as "/media/a%20b". It is made from the
	// configuration of the storage, without I/O: it doesn't check whether the file
	// exists or may be fetched. The error is [errors.ErrUnsupported] for a storage
	// without such a configuration and for a key that no URL leads to, and
	// [fs.ErrInvalid] for a key that the storage can't have.
	URL(ctx context.Context, key string) (string, error)
}

// URL returns the public URL of the file under key in s, as [URLer] says. If s
// is no URLer, the error is [errors.ErrUnsupported].
func URL(ctx context.Context, s Storage, key string) (string, error) {
	if u, ok := s.(URLer); ok {
		return u.URL(ctx, key)
	}
	return "", cannot(s, "tell a public URL")
}

// A Pather is a Storage whose files are local ones.
type Pather interface {
	Storage

	// Path returns the absolute path of the file under key, in the notation of the
	// operating system. It does no I/O and doesn't check whether the file exists.
	// The error is [errors.ErrUnsupported] for a storage that doesn't know where
	// its files are, and [fs.ErrInvalid] for a key that the storage can't have.
	//
	// A program that opens a path follows symbolic links wherever they lead; the
	// storage may not.
	Path(key string) (string, error)
}

// Path returns the local path of the file under key in s, as [Pather] says. If
// s is no Pather, the error is [errors.ErrUnsupported].
func Path(s Storage, key string) (string, error) {
	if p, ok := s.(Pather); ok {
		return p.Path(key)
	}
	return "", cannot(s, "tell a path")
}
