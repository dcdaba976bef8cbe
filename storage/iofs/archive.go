package iofs

import (
	"archive/zip"
	"io/fs"
	"path"
	"strings"
	"sync"
	"time"
)

// archive has the folders of a zip archive. A zip.Reader can't list a folder
// that has a name twice, or a name that isn't a valid path, as in archives in
// other encodings than UTF-8.
type archive struct {
	once    sync.Once
	files   []*zip.File
	folders map[string][]fs.DirEntry // by path; "." is the top
}

// in returns the entries of folder, or false if there is no such folder.
func (a *archive) in(folder string) ([]fs.DirEntry, bool) {
	a.once.Do(a.index)
	entries, ok := a.folders[folder]
	return entries, ok
}

// index builds the folders from the members. If several have the same name, the
// first counts, as when it is opened. A file takes precedence over a folder
// that exists only as part of a path.
func (a *archive) index() {
	a.folders = map[string][]fs.DirEntry{".": nil}
	known := make(map[string]bool)
	add := func(name string, e fs.DirEntry) {
		if known[name] {
			return
		}
		known[name] = true
		in := "."
		if slash := strings.LastIndexByte(name, '/'); slash >= 0 {
			in = name[:slash]
		}
		a.folders[in] = append(a.folders[in], e)
		if _, ok := a.folders[name]; e.IsDir() && !ok {
			a.folders[name] = nil
		}
	}
	var implied []string
	for _, f := range a.files {
		name := memberPath(f.Name)
		for begin := 0; ; {
			element, _, more := strings.Cut(name[begin:], "/")
			if !more || element == "." || !fs.ValidPath(element) {
				break
			}
			end := begin + len(element)
			implied = append(implied, name[:end]) // which shares the memory of name
			begin = end + 1
		}
		base := path.Base(name)
		switch info := f.FileInfo(); {
		case name == "." || !fs.ValidPath(name):
		case info.IsDir() && info.Name() != base:
			add(name, impliedFolder(base))
		default:
			add(name, memberEntry{fs.FileInfoToDirEntry(info), base})
		}
	}
	for _, folder := range implied {
		add(folder, impliedFolder(path.Base(folder)))
	}
}

// memberPath returns the path that package zip gives a member with this name.
func memberPath(name string) string {
	p := strings.TrimPrefix(path.Clean(strings.ReplaceAll(name, `\`, "/")), "/")
	for strings.HasPrefix(p, "../") {
		p = p[len("../"):]
	}
	return p
}

// memberEntry is a member under the last element of its path.
type memberEntry struct {
	fs.DirEntry
	name string
}

func (e memberEntry) Name() string { return e.name }

// impliedFolder is the name of a folder that has no member of its own in the
// archive, only members below it.
type impliedFolder string

func (f impliedFolder) Name() string               { return string(f) }
func (f impliedFolder) Size() int64                { return 0 }
func (f impliedFolder) Mode() fs.FileMode          { return fs.ModeDir | 0o555 }
func (f impliedFolder) Type() fs.FileMode          { return fs.ModeDir }
func (f impliedFolder) ModTime() time.Time         { return time.Time{} }
func (f impliedFolder) IsDir() bool                { return true }
func (f impliedFolder) Sys() any                   { return nil }
func (f impliedFolder) Info() (fs.FileInfo, error) { return f, nil }

var (
	_ fs.FileInfo = impliedFolder("")
	_ fs.DirEntry = impliedFolder("")
)
