package gocloud

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"gocloud.dev/blob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
	"github.com/downloadview/downloadview/internal/localfile"
)

// A folder is where a bucket of local files stores them. fileblob follows
// symbolic links wherever they lead, and waits for a writer when it opens a
// pipe. So this package opens the files itself, below a [localfile.Root].
type folder struct {
	dir   string // of the driver
	below string // path in dir of the prefix of a bucket that has one; "": dir itself
	err   error  // why both are unknown
}

// findFolder finds the folder in which b stores its files. The driver, whose
// folder has this info, reveals its path only in the error for a missing file.
func findFolder(b *blob.Bucket, info os.FileInfo) folder {
	probe := "missing-" + strings.ToLower(rand.Text())
	_, err := b.Attributes(context.Background(), probe)
	var missing *os.PathError
	if err == nil || !b.ErrorAs(err, &missing) {
		return folder{err: errors.New("the folder of the bucket is unknown, as with blob.SingleKeyBucket; want the bucket itself, and pass the key to File")}
	}
	top, ok := strings.CutSuffix(missing.Path, probe)
	switch {
	case !ok:
		return folder{err: errors.New("the bucket returns the same file for all keys, as blob.SingleKeyBucket does; want the bucket itself, and pass the key to File")}
	case top == "" || !os.IsPathSeparator(top[len(top)-1]):
		return folder{err: fmt.Errorf("the prefix of the bucket ends in %q, which isn't a whole folder; want a slash at its end", filepath.Base(top))}
	}
	top = filepath.Clean(top)
	for dir := top; ; dir = filepath.Dir(dir) {
		if fi, err := os.Stat(dir); err == nil && os.SameFile(fi, info) {
			below, err := filepath.Rel(dir, top)
			if below == "." {
				below = ""
			}
			return folder{dir: dir, below: below, err: err}
		}
		if dir == filepath.Dir(dir) {
			return folder{err: errors.New("the folder of the bucket was moved while it was being opened")}
		}
	}
}

// open opens the folder that contains all keys. The driver opens it for each
// file again, too. If only the folder of the prefix is missing, all files are
// missing.
func (f *folder) open() (*localfile.Root, error) {
	root, err := f.openDir()
	if err != nil || f.below == "" {
		return root, err
	}
	defer root.Close()
	below, err := root.OpenRoot(f.below)
	if err != nil {
		return nil, absentIn(root, err)
	}
	return below, nil
}

// openDir opens the folder of the driver.
func (f *folder) openDir() (*localfile.Root, error) {
	if f.err != nil {
		return nil, f.err
	}
	root, err := localfile.OpenRoot(f.dir)
	if err != nil { // it says nothing about the file
		return nil, fmt.Errorf("%w: the folder of the bucket: %v", downloadview.ErrUpstream, err)
	}
	return root, nil
}

// remove removes the file called key and the file with its attributes.
func (f *folder) remove(key string) error {
	root, err := f.open()
	if err != nil {
		return err
	}
	defer root.Close()
	name := escapeKey(key)
	if err := root.Remove(name); err != nil {
		return absentIn(root, err)
	}
	if err := root.Remove(name + attributesSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// checkWrite returns an error if the driver, when it writes key or the file
// with its attributes, would follow a link out of the folder.
func (f *folder) checkWrite(key string) error {
	dir, err := f.openDir()
	if err != nil {
		return err
	}
	defer dir.Close()
	name := escapeKey(key)
	if err := checkPath(dir, filepath.Join(f.below, name)); err != nil || f.below == "" {
		return err
	}
	below, err := f.open()
	if err != nil {
		return nil // the driver makes it, or fails
	}
	defer below.Close()
	return checkPath(below, name)
}

// checkPath returns the reason why a file called name can't be written below
// root, or nil.
func checkPath(root *localfile.Root, name string) error {
	for dir := filepath.Dir(name); ; dir = filepath.Dir(dir) {
		_, err := root.Stat(dir)
		switch {
		case root.LeadsOut(err):
			return fmt.Errorf("%w: %w", fs.ErrInvalid, err)
		case err == nil || dir == ".":
			return checkAttributesFile(root, name)
		case !errors.Is(err, fs.ErrNotExist):
			return nil // the driver fails, with a better error
		}
	}
}

func checkAttributesFile(root *localfile.Root, name string) error {
	fi, err := root.Lstat(name + attributesSuffix)
	if err == nil && !fi.Mode().IsRegular() {
		return fmt.Errorf("%w as %q and is not a regular file (mode %v)", fs.ErrExist, fi.Name(), fi.Mode())
	}
	return nil
}

// localFailure is failure for errors that don't come from the driver: errors of
// io/fs are kept.
func (s *Storage) localFailure(ctx context.Context, op, key string, err error) error {
	for _, known := range []error{fs.ErrNotExist, fs.ErrInvalid, fs.ErrExist} {
		if errors.Is(err, known) {
			return &fs.PathError{Op: op, Path: key, Err: err}
		}
	}
	return s.failure(ctx, op, key, err)
}

// absentIn returns err. If err means that there is no such file below root, the
// result is also [fs.ErrNotExist].
func absentIn(root *localfile.Root, err error) error {
	if !root.IsAbsent(err) {
		return err
	}
	return bucket.Says(fs.ErrNotExist, err)
}
