package listing_test

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/downloadview/downloadview/internal/listing"
)

func TestList(t *testing.T) {
	broken := errors.New("broken")
	fsys := fstest.MapFS{"a": {}, "b": {}, "c": {}}
	look := func(name string) (fs.FileInfo, error) {
		switch name {
		case "secret":
			return nil, fs.ErrPermission
		case "broken":
			return nil, broken
		}
		return fs.Stat(fsys, name)
	}
	for _, tt := range []struct{ names, want string }{
		{"a b c", "a b c"},
		{"a gone secret c", "a c"},
		{"a broken c", "a broken!"},
		{"", ""},
	} {
		var got []string
		entries := func() ([]string, error) { return strings.Fields(tt.names), nil }
		for fi, err := range listing.List(entries, look) {
			if err != nil {
				got = append(got, err.Error()+"!")
				continue
			}
			got = append(got, fi.Name())
		}
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("listing of %q = %q, want %q", tt.names, s, tt.want)
		}
	}
	for _, err := range listing.List(func() ([]string, error) { return nil, broken }, look) {
		if err != broken {
			t.Errorf("error %v, want that of the folder", err)
		}
	}
	for fi := range listing.List(func() ([]string, error) { return []string{"a", "b"}, nil }, look) {
		if fi.Name() != "a" {
			t.Errorf("went on to %s after the break", fi.Name())
		}
		break
	}
}
