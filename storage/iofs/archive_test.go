package iofs_test

import (
	"archive/zip"
	"errors"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/storage/iofs"
)

// shiftJIS is 表.txt, whose first character ends in a backslash, and テ.txt.
var shiftJIS = []string{"\x95\x5c.txt", "\x83\x65.txt"}

// If a name isn't a valid path, only its own member is missing, in whatever
// folder it is.
func TestOddNames(t *testing.T) {
	var members []packed
	for _, in := range []string{"", "d/", "d/\x95\x5c/", "\x83\x65/"} {
		for _, name := range append([]string{"a.txt", "b.txt"}, shiftJIS...) {
			members = append(members, packed{zip.FileHeader{Name: in + name, NonUTF8: true, Modified: noon}, []byte("content of " + name)})
		}
	}
	s := iofs.New(archiveOf(t, members...), nil)
	for folder, want := range map[string][]string{"": {"a.txt", "b.txt", "d"}, "d": {"a.txt", "b.txt"}} {
		if got, err := namesIn(t, s, folder); !slices.Equal(got, want) || err != nil {
			t.Errorf("names in %q = %q, %v, want %q", folder, got, err, want)
		}
	}
	for _, key := range []string{"a.txt", "b.txt", "d/a.txt", "d/b.txt"} {
		if got, err := read(t, s, key); got != "content of "+path.Base(key) || err != nil {
			t.Errorf("%q = %q, %v", key, got, err)
		}
	}
	for _, key := range append(shiftJIS, "d/"+shiftJIS[1]) {
		if f, err := s.File(key); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("File(%q) = %v, %v, want fs.ErrInvalid", key, f, err)
		}
	}
}

// A name of many elements costs little more than its bytes.
func TestDeepName(t *testing.T) {
	const depth = 32767
	var members []packed
	for _, element := range []string{"a/", "b/", "c/"} {
		members = append(members, packed{zip.FileHeader{Name: strings.Repeat(element, depth) + "x", Modified: noon}, []byte("content")})
	}
	s := iofs.New(archiveOf(t, members...), nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got, err := namesIn(t, s, "")
	runtime.ReadMemStats(&after)
	if want := []string{"a", "b", "c"}; !slices.Equal(got, want) || err != nil {
		t.Errorf("names %q, %v, want %q", got, err, want)
	}
	if mib := (after.TotalAlloc - before.TotalAlloc) >> 20; mib > 200 {
		t.Errorf("%d MiB for %d folders", mib, len(members)*depth)
	}
	if got, err := namesIn(t, s, strings.Repeat("b/", depth-1)+"b"); !slices.Equal(got, []string{"x"}) || err != nil {
		t.Errorf("names %q, %v, want x", got, err)
	}
}

// FuzzArchiveNames lists archives whose members are named by the lines of the
// input: each member that can be opened is listed in its folder, once, and each
// listed member can be opened.
func FuzzArchiveNames(f *testing.F) {
	for _, names := range []string{
		"a\nb/c\nb/d/e", "a\na", "a/\na/", "a\na/b", "a/b\na", "\x95\x5c.txt\nx", `a\b` + "\n" + `a\c\d`,
		"../x\n/y\n//z\n./w", ".\n..\n/\n", "d/\x83\nd/x\n\x83/y", "a//b\na/./c\na/../d",
	} {
		f.Add(names)
	}
	f.Fuzz(func(t *testing.T, names string) {
		var members []packed
		for name := range strings.SplitSeq(names, "\n") {
			if strings.HasSuffix(name, "/") {
				members = append(members, packed{zip.FileHeader{Name: name}, nil})
			} else {
				members = append(members, packed{zip.FileHeader{Name: name, Modified: noon}, []byte("content")})
			}
		}
		r := archiveOf(t, members...)
		s := iofs.New(r, nil)
		listed := make(map[string]bool)
		var walk func(folder string)
		walk = func(folder string) {
			for fi, err := range s.List(t.Context(), folder) {
				if err != nil {
					t.Fatalf("List(%q): %v", folder, err)
				}
				key := path.Join(folder, fi.Name())
				if listed[key] {
					t.Errorf("%q is listed twice", key)
				}
				listed[key] = true
				if fi.IsDir() {
					walk(key)
				} else if got, err := read(t, s, key); got != "content" || err != nil {
					t.Errorf("%q is listed, and is %q, %v", key, got, err)
				}
			}
		}
		walk("")
		for _, m := range r.File {
			key := strings.TrimLeft(path.Clean("/"+strings.ReplaceAll(m.Name, `\`, "/")), "/")
			h, err := r.Open(key)
			if err != nil {
				continue
			}
			h.Close()
			if key == "." || !fs.ValidPath(key) {
				continue
			}
			folder := path.Dir(key) // which may be a file, too
			if folder == "." {
				folder = ""
			}
			if in, err := namesIn(t, s, folder); err != nil || !slices.Contains(in, path.Base(key)) {
				t.Errorf("%q can be opened, and isn't in the list %q, %v of its folder", key, in, err)
			}
		}
	})
}
