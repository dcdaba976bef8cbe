package disk_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
)

// FuzzKey opens keys in a directory whose files all contain "inside", and whose
// links lead to many places.
func FuzzKey(f *testing.F) {
	s, dir := newStorage(f)
	for _, name := range []string{"a", "a b", "sub/b", "sub/deep/c", "..%2fsecret", "%2e%2e/secret"} {
		write(f, filepath.Join(dir, filepath.FromSlash(name)), "inside")
	}
	for name, target := range map[string]string{
		"up": "..", "top": "/", "secret": "../secret", "absolute": filepath.Join(filepath.Dir(dir), "secret"),
		"in": "sub", "sub/up": "..", "sub/deep/out": "../../../secret",
	} {
		// On systems where links can't be made, fewer keys could lead out.
		_ = os.Symlink(target, filepath.Join(dir, filepath.FromSlash(name)))
	}
	base := strings.TrimSuffix(sourceOf(f, s, "a"), "a")

	f.Fuzz(func(t *testing.T, key string) {
		content, err := read(t.Context(), s, key)
		if err == nil && content != "inside" {
			t.Errorf("%q = %q: that is not inside", key, content)
		}
		if file, err := s.File(key); err == nil {
			src, ok := downloadview.SourceOf(file)
			rest, below := strings.CutPrefix(src.Path, base)
			if !ok || !below || !fs.ValidPath(strings.ToValidUTF8(rest, "?")) {
				t.Errorf("source of %q = %q, want it below %q", key, src.Path, base)
			}
		}
	})
}

func sourceOf(t testing.TB, s downloadview.Storage, key string) string {
	t.Helper()
	f, err := s.File(key)
	if err != nil {
		t.Fatal(err)
	}
	src, ok := downloadview.SourceOf(f)
	if !ok {
		t.Fatalf("%q has no source", key)
	}
	return src.Path
}
