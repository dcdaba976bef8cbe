package buckettest

import (
	"errors"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
)

// PrefixEndsInASlash checks that a prefix must end in a slash: "tenant1" is
// invalid, because the storage would also contain the keys of "tenant10". put
// stores an object in a bucket, and open returns a storage of that bucket with
// a prefix. also are further invalid prefixes.
func PrefixEndsInASlash(t *testing.T, put func(t *testing.T, key string, content []byte), open func(prefix string) downloadview.Storage, also ...string) {
	put(t, "tenant10/a", []byte("theirs"))
	for _, prefix := range append([]string{"tenant1", "tenant10/../tenant1/", "."}, also...) {
		s := open(prefix)
		want := strconv.Quote(prefix)
		check := func(op string, err error) {
			t.Helper()
			if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) || !strings.Contains(err.Error(), want) {
				t.Errorf("prefix %q: %s: %v, want an error that names it", prefix, op, err)
			}
		}
		_, err := s.File("0/a")
		check("File", err)
		_, err = downloadview.Exists(t.Context(), s, "0/a")
		check("Exists", err)
		check("Save", downloadview.Save(t.Context(), s, "0/new", strings.NewReader("x")))
		check("Delete", downloadview.Delete(t.Context(), s, "0/a"))
		if _, err = downloadview.TimesOf(t.Context(), s, "0/a"); !errors.Is(err, errors.ErrUnsupported) {
			check("TimesOf", err)
		}
		_, err = downloadview.URL(t.Context(), s, "0/a")
		check("URL", err)
		for fi, err := range downloadview.List(t.Context(), s, "") {
			check("List", err)
			if fi != nil {
				t.Errorf("prefix %q lists %q", prefix, fi.Name())
			}
		}
	}
}

// Prefix checks that s, a storage with the prefix "in/" of a bucket, contains
// the objects below that and no others. put stores an object in the bucket.
// impossible are further keys that are invalid in storages of this kind.
func Prefix(t *testing.T, put func(t *testing.T, key string, content []byte), s downloadview.Storage, impossible ...string) {
	put(t, "in/a", []byte("inside"))
	put(t, "in/f/b", []byte("inside"))
	put(t, "secret", []byte("outside"))
	h, err := fileOf(t, s, "a").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := read(t, h); got != "inside" {
		t.Errorf("a has %q, want inside", got)
	}
	if got, want := Names(t, s, ""), []string{"a", "f/"}; !slices.Equal(got, want) {
		t.Errorf("List = %q, want %q", got, want)
	}
	if got, want := Names(t, s, "f"), []string{"b"}; !slices.Equal(got, want) {
		t.Errorf("List of f = %q, want %q", got, want)
	}
	// Some servers resolve dot segments, so a key itself must not leave the
	// prefix.
	for _, key := range append([]string{"../secret", "f/../../secret", "./../secret", "f//../../secret"}, impossible...) {
		if _, err := s.File(key); !errors.Is(err, fs.ErrInvalid) {
			t.Errorf("File(%q): %v, want fs.ErrInvalid", key, err)
		}
	}
	for _, key := range []string{"secret", "/secret", "..%2Fsecret", "%2e%2e/secret", "f/../x/../secret"} {
		if err := closed(fileOf(t, s, key).Open(t.Context())); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Open(%q): %v, want fs.ErrNotExist", key, err)
		}
	}
}

// Names returns the names in a folder; those of folders end in a slash.
func Names(t *testing.T, s downloadview.Storage, folder string) []string {
	t.Helper()
	var names []string
	for fi, err := range downloadview.List(t.Context(), s, folder) {
		if err != nil {
			t.Fatal(err)
		}
		name := fi.Name()
		if fi.IsDir() {
			name += "/"
		}
		names = append(names, name)
	}
	return names
}
