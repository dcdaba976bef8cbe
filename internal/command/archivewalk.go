package command

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
	"github.com/downloadview/downloadview/storage/disk"
)

// below yields all that is below folder: the files of each folder, then its folders. It
// remembers the folders that it has yet to list, which are at most limits.MaxFiles.
func (a *archives) below(ctx context.Context, folder string) iter.Seq2[archive.Entry, error] {
	return func(yield func(archive.Entry, error) bool) {
		w := &walk{archives: a, top: folder, pending: []*subfolder{{key: folder}}}
		for len(w.pending) > 0 {
			f := w.pending[len(w.pending)-1]
			w.pending = w.pending[:len(w.pending)-1]
			first := len(w.pending)
			if !w.list(ctx, f, yield) {
				return
			}
			slices.Reverse(w.pending[first:])
		}
	}
}

// A walk goes through a folder and all below it.
type walk struct {
	*archives
	top     string
	pending []*subfolder // the last is the next
	files   int          // and folders
	size    int64        // of all files
}

// A subfolder is a folder that is to be listed.
type subfolder struct {
	key   string // "" for the top of the storage
	above *subfolder
	info  fs.FileInfo // nil: unknown
}

// list yields the content of f, and adds its folders to w.pending. It returns false if
// the walk has ended.
func (w *walk) list(ctx context.Context, f *subfolder, yield func(archive.Entry, error) bool) bool {
	listed := false
	for fi, err := range downloadview.List(ctx, w.storage, f.key) {
		if err != nil {
			if f.above != nil && !listed && w.isLeftOut(err) && ctx.Err() == nil {
				return true
			}
			yield(archive.Entry{}, err)
			return false
		}
		listed = true
		name := fi.Name()
		if name == "" || !w.keys.lists(name) {
			continue
		}
		e, err := w.entry(ctx, f, fi)
		if errors.Is(err, errLeftOut) {
			continue
		}
		if !yield(e, err) || err != nil {
			return false
		}
	}
	return true
}

// errLeftOut says that an entry of a folder is not in the archive.
var errLeftOut = errors.New("left out")

// isLeftOut reports whether err, of a file or of a folder below another, means that the
// archive has to do without it. In a directory that is so without a permission. In a
// bucket, a permission that is missing for one folder may have expired for all.
func (w *walk) isLeftOut(err error) bool {
	if errors.Is(err, fs.ErrPermission) {
		return w.isDirectory()
	}
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid)
}

func (w *walk) isDirectory() bool {
	_, ok := w.storage.(*disk.Storage)
	return ok
}

func (w *walk) entry(ctx context.Context, in *subfolder, fi fs.FileInfo) (archive.Entry, error) {
	key := fi.Name()
	if in.key != "" {
		key = in.key + "/" + key
	}
	e := archive.Entry{Name: key}
	if w.top != "" {
		e.Name = strings.TrimPrefix(key, w.top+"/")
	}
	if fi.IsDir() {
		w.learn(in, key)
		// A request for a path of another mount doesn't reach this storage.
		if in.isBelow(fi) || slices.Contains(w.others, key+"/") {
			return e, errLeftOut
		}
		e.Name, e.ModTime = e.Name+"/", fi.ModTime()
		w.pending = append(w.pending, &subfolder{key, in, fi})
	} else if err := w.addFile(ctx, &e, key, fi); err != nil {
		return e, err
	}
	if w.files++; w.files > w.limits.MaxFiles {
		return e, w.tooMany()
	}
	return e, nil
}

func (w *walk) addFile(ctx context.Context, e *archive.Entry, key string, fi fs.FileInfo) (err error) {
	e.File, err = w.storage.File(key)
	if err == nil {
		err = w.canRead(ctx, e.File, fi)
	}
	if err != nil && w.isLeftOut(err) && ctx.Err() == nil {
		return errLeftOut
	}
	if err != nil {
		return err
	}
	if fi.Mode()&0o111 != 0 {
		e.Mode = 0o755
	}
	a := downloadview.AttributesOf(fi)
	// Where a listing has no entity tags, an open file may have one: it has to be asked.
	if w.isDirectory() || a.StrongETag() != "" {
		e.Attributes = &a
	}
	if a.Size < 0 {
		if a.Size, err = sizeOf(ctx, e.File); err != nil {
			return err
		}
	}
	if a.Size > w.limits.MaxSize-w.size {
		return w.tooLarge()
	}
	w.size += a.Size
	return nil
}

func sizeOf(ctx context.Context, f downloadview.File) (int64, error) {
	fi, err := downloadview.Stat(ctx, f)
	if err != nil {
		return 0, err
	}
	return max(downloadview.AttributesOf(fi).Size, 0), nil
}

// canRead opens a file of a directory that not everybody may read. The archive could
// not go on after a file that can't be read.
func (w *walk) canRead(ctx context.Context, f downloadview.File, fi fs.FileInfo) error {
	if !w.isDirectory() || fi.Mode()&0o444 == 0o444 {
		return nil
	}
	h, err := f.Open(ctx)
	if err != nil {
		return err
	}
	return h.Close()
}

// isBelow reports whether fi is f, or a folder that f is below: then a symbolic link
// leads back, and the walk would not end.
func (f *subfolder) isBelow(fi fs.FileInfo) bool {
	for ; f != nil; f = f.above {
		if f.info != nil && os.SameFile(f.info, fi) {
			return true
		}
	}
	return false
}

// learn looks at the folder where the walk began, which no listing showed.
func (w *walk) learn(in *subfolder, key string) {
	if in.info != nil {
		return
	}
	if at, err := downloadview.Path(w.storage, key); err == nil {
		in.info, _ = os.Stat(filepath.Dir(at))
	}
}
