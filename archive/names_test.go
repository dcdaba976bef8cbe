package archive_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
)

// namesIn returns the names of the members in an archive of files with these names.
func namesIn(t testing.TB, o *archive.Options, names ...string) []string {
	t.Helper()
	var entries []archive.Entry
	for _, n := range names {
		e := archive.Entry{Name: n}
		if !strings.HasSuffix(n, "/") {
			e.File = file("x", []byte(n))
		}
		entries = append(entries, e)
	}
	b := read(t, archive.Zip("a.zip", archive.Of(entries...), o))
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		t.Fatal(err)
	}
	var got []string
	for _, f := range z.File {
		got = append(got, f.Name)
	}
	return got
}

func TestNames(t *testing.T) {
	for _, tt := range []struct {
		name       string
		rule       archive.NameRule
		give, want []string
	}{
		{"as they are", archive.AnyName, []string{"a b.txt", "x/é.txt", "CON", "ab:c", "b."}, []string{"a b.txt", "x/é.txt", "CON", "ab:c", "b."}},
		{
			"no way out", archive.AnyName,
			[]string{"/etc/passwd", "../../x", "a/../b", `..\..\y`, "C:/z", "c:z", "//host/share", "./n", "a//b", "..."},
			[]string{"etc/passwd", "__/__/x", "a/__/b", ".._.._y", "C_/z", "c_z", "host/share", "n", "a/b", "..."},
		},
		{"nothing left", archive.AnyName, []string{".", "x\x00y\nz\x7f", "\xff.txt"}, []string{"_", "x_y_z_", "\uFFFD.txt"}},
		{
			"clashes", archive.AnyName,
			[]string{"a.txt", "a.txt", "./a.txt", "a (2).txt", ".rc", ".rc", "A.TXT"},
			[]string{"a.txt", "a (2).txt", "a (3).txt", "a (2) (2).txt", ".rc", ".rc (2)", "A.TXT"},
		},
		{
			"a file and a folder", archive.AnyName,
			[]string{"a", "a/b", "a/c", "d/e", "d"},
			[]string{"a", "a (2)/b", "a (2)/c", "d/e", "d (2)"},
		},
		{
			"folders", archive.AnyName,
			[]string{"a/", "a/", "a/b", "c/d", "c/", "/", "./", "../"},
			[]string{"a/", "a/b", "c/d", "c/", "__/"},
		},
		{
			"Windows", archive.WindowsName,
			[]string{"CON", "nul.txt", "com1.a.b", "a:b?.txt", "a. .", "x/aux/y ", "COM", "LPT²", "console", "com10"},
			[]string{"_CON", "_nul.txt", "_com1.a.b", "a_b_.txt", "a___", "x/_aux/y_", "COM", "_LPT²", "console", "com10"},
		},
		{"case of Greek on Windows", archive.WindowsName, []string{"ΦΟΡΟΣ.pdf", "φορος.pdf", "ΝΟΜΟΣ/α", "νομος/α"}, []string{"ΦΟΡΟΣ.pdf", "φορος (2).pdf", "ΝΟΜΟΣ/α", "ΝΟΜΟΣ/α (2)"}},
		{"case on Windows", archive.WindowsName, []string{"a/B.txt", "A/b.TXT", "ä", "Ä"}, []string{"a/B.txt", "a/b (2).TXT", "ä", "Ä (2)"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := namesIn(t, &archive.Options{Names: tt.rule}, tt.give...); !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

// No name leads out of a folder, and no two are one file.
func FuzzNames(f *testing.F) {
	f.Add("../a", "a/../../b", `C:\x`)
	f.Add("a", "a/b", "A")
	f.Add("a", "a (2)/b", "a/b")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		for _, rule := range []archive.NameRule{archive.AnyName, archive.WindowsName} {
			var give []string
			for _, n := range []string{a, b, c} {
				if n = strings.TrimRight(n, "/"); n == "" || len(n) > 1000 {
					return
				}
				give = append(give, n)
			}
			fold := func(s string) string { return s }
			if rule == archive.WindowsName {
				fold = func(s string) string { return strings.ToLower(strings.ToUpper(s)) }
			}
			got := namesIn(t, &archive.Options{Names: rule}, give...)
			used := map[string]string{} // what each path is
			for _, n := range got {
				if !fs.ValidPath(n) || n == "." || strings.ContainsAny(n, "\\\x00") {
					t.Errorf("%q became %q, which is not a valid path", give, got)
				}
				if used[fold(n)] != "" {
					t.Errorf("%q became %q: %q is there before", give, got, n)
				}
				used[fold(n)] = "file"
				for d := path.Dir(n); d != "."; d = path.Dir(d) {
					if used[fold(d)] == "file" {
						t.Errorf("%q became %q: %q is a file and a folder", give, got, d)
					}
					used[fold(d)] = "folder"
				}
			}
		}
	})
}

func TestBadEntries(t *testing.T) {
	for _, tt := range []struct {
		entry archive.Entry
		want  string
	}{
		{archive.Entry{Name: "x"}, `entry 2 of the archive, "x": an entry without a File is a folder, and needs a slash at the end of its name`},
		{archive.Entry{Name: "x/", File: file("y", nil)}, `entry 2 of the archive, "x/": the name of a file has a slash at its end`},
		{archive.Entry{Name: "x", File: file("y", nil), Comment: strings.Repeat("c", 65536)}, `a comment of 65536 bytes, want at most 65535`},
		{archive.Entry{Name: strings.Repeat("n", 65536), File: file("y", nil)}, "at most 65535 bytes"},
	} {
		_, err := archive.Zip("a.zip", archive.Of(archive.Entry{File: file("ok", nil)}, tt.entry), nil).Open(t.Context())
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want %q", err, tt.want)
		}
	}
}

// A comment that doesn't fit into a zip archive is an error, not a damaged archive.
func TestLongComment(t *testing.T) {
	for _, n := range []int{65535, 65536} {
		o := &archive.Options{Comment: strings.Repeat("c", n)}
		for _, f := range []downloadview.File{
			archive.Zip("a.zip", archive.Of(), o),
			archive.CompressedZip("a.zip", archive.Of(), o),
			archive.Tar("a.tar", archive.Of(), o),
		} {
			_, err := downloadview.Stat(t.Context(), f)
			if wrong := n > 65535 && f.Name() == "a.zip"; (err != nil) != wrong {
				t.Errorf("%s with a comment of %d bytes: %v", f.Name(), n, err)
			}
		}
	}
}
