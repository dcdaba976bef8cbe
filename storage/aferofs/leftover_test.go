package aferofs_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/afero"

	"github.com/downloadview/downloadview/storage/aferofs"
)

// faults counts the calls of file systems and makes one of them fail, before or
// after it has had its effect.
type faults struct {
	asked, at int
	after     bool
}

var errFault = errors.New("fault")

// do calls f, unless it has to fail.
func (x *faults) do(f func() error) error {
	x.asked++
	fails := x.asked == x.at
	if fails && !x.after {
		return errFault
	}
	if err := f(); err != nil {
		return err
	}
	if fails {
		return errFault
	}
	return nil
}

type faultyFs struct {
	afero.Fs
	faults *faults
}

func (f *faultyFs) MkdirAll(name string, perm os.FileMode) error {
	return f.faults.do(func() error { return f.Fs.MkdirAll(name, perm) })
}

func (f *faultyFs) OpenFile(name string, flag int, perm os.FileMode) (afero.File, error) {
	var h afero.File
	err := f.faults.do(func() (err error) {
		h, err = f.Fs.OpenFile(name, flag, perm)
		return err
	})
	if err != nil {
		if h != nil {
			h.Close()
		}
		return nil, err
	}
	return &faultyFile{h, f.faults}, nil
}

func (f *faultyFs) Rename(from, to string) error {
	return f.faults.do(func() error { return f.Fs.Rename(from, to) })
}

type faultyFile struct {
	afero.File
	faults *faults
}

func (f *faultyFile) Write(p []byte) (n int, err error) {
	err = f.faults.do(func() error {
		n, err = f.File.Write(p)
		return err
	})
	return n, err
}

func (f *faultyFile) Sync() error  { return f.faults.do(f.File.Sync) }
func (f *faultyFile) Close() error { return f.faults.do(f.File.Close) }

// Whatever step of a Save fails, and in whatever layer, no layer keeps a
// temporary file.
func TestFailedSaveLeavesNothing(t *testing.T) {
	for name, made := range map[string]func(x *faults) (fsys afero.Fs, layers []afero.Fs){
		"memory": func(x *faults) (afero.Fs, []afero.Fs) {
			m := afero.NewMemMapFs()
			return &faultyFs{m, x}, []afero.Fs{m}
		},
		"disk": func(x *faults) (afero.Fs, []afero.Fs) {
			d := afero.NewBasePathFs(afero.NewOsFs(), t.TempDir())
			return &faultyFs{d, x}, []afero.Fs{d}
		},
		"copy on write": func(x *faults) (afero.Fs, []afero.Fs) {
			base, layer := afero.NewMemMapFs(), afero.NewMemMapFs()
			return afero.NewCopyOnWriteFs(&faultyFs{base, x}, &faultyFs{layer, x}), []afero.Fs{base, layer}
		},
		"cache": func(x *faults) (afero.Fs, []afero.Fs) {
			base, layer := afero.NewBasePathFs(afero.NewOsFs(), t.TempDir()), afero.NewMemMapFs()
			return afero.NewCacheOnReadFs(&faultyFs{base, x}, &faultyFs{layer, x}, 0), []afero.Fs{base, layer}
		},
		"cache on disk": func(x *faults) (afero.Fs, []afero.Fs) {
			base, layer := afero.NewMemMapFs(), afero.NewBasePathFs(afero.NewOsFs(), t.TempDir())
			return afero.NewCacheOnReadFs(&faultyFs{base, x}, &faultyFs{layer, x}, 0), []afero.Fs{base, layer}
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, after := range []bool{false, true} {
				for at := 1; ; at++ {
					x := &faults{at: at, after: after}
					fsys, layers := made(x)
					err := aferofs.New(fsys, nil).Save(t.Context(), "d/a", strings.NewReader("content"))
					for i, layer := range layers {
						if left := temporaries(t, layer); len(left) > 0 {
							t.Errorf("step %d of %d fails (after it was done: %t), %v: layer %d has %q", at, x.asked, after, err, i, left)
						}
					}
					if x.asked < at {
						if err != nil {
							t.Errorf("where nothing fails, Save: %v", err)
						}
						break
					}
				}
			}
		})
	}
}

// The error names a temporary file that can't be removed.
func TestLeftoverIsTold(t *testing.T) {
	m := afero.NewMemMapFs()
	s := aferofs.New(&unremovable{m}, nil)
	err := s.Save(t.Context(), "a", io.MultiReader(strings.NewReader("content"), reading(func() error { return errFault })))
	left := temporaries(t, m)
	if !errors.Is(err, errFault) || errors.Is(err, fs.ErrPermission) || len(left) != 1 || !strings.Contains(err.Error(), filepath.Base(left[0])) {
		t.Errorf("%v, want the fault, and told that %q is left", err, left)
	}
}

type unremovable struct{ afero.Fs }

func (*unremovable) Remove(name string) error {
	return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrPermission}
}

func temporaries(t *testing.T, fsys afero.Fs) (names []string) {
	t.Helper()
	err := afero.Walk(fsys, ".", func(path string, _ os.FileInfo, err error) error {
		if strings.Contains(path, ".downloadview-") {
			names = append(names, path)
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return names
}
