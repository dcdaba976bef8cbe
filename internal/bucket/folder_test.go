package bucket

import (
	"errors"
	"io/fs"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func listed(keys ...string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for _, k := range keys {
			if !yield(Entry{Key: k, IsDir: strings.HasSuffix(k, "/")}, nil) {
				return
			}
		}
	}
}

func names(t *testing.T, s iter.Seq2[fs.FileInfo, error]) []string {
	t.Helper()
	var got []string
	for fi, err := range s {
		if err != nil {
			t.Fatal(err)
		}
		name := fi.Name()
		if fi.IsDir() {
			name += "/"
		}
		got = append(got, name)
	}
	return got
}

func TestFolderOrder(t *testing.T) {
	tests := []struct {
		name   string
		prefix string
		listed []string
		want   []string
	}{
		{"empty top", "", nil, nil},
		{"folder after its neighbours", "", []string{"a", "a-b", "a.txt", "a/", "b"}, []string{"a", "a/", "a-b", "a.txt", "b"}},
		{"nested neighbours", "", []string{"a-b-c", "a-b/", "a/", "c"}, []string{"a/", "a-b/", "a-b-c", "c"}},
		{"below a prefix", "x/", []string{"x/a!", "x/a/"}, []string{"a/", "a!"}},
		{"marker of the folder", "x/", []string{"x/", "x/a"}, []string{"a"}},
		{"empty name", "x/", []string{"x//", "x/a"}, []string{"a"}},
		{"name that is no key", "", []string{"a\xff", "b"}, []string{"b"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := names(t, Folder(tt.prefix, listed(tt.listed...))); !slices.Equal(got, tt.want) {
				t.Errorf("Folder(%q, %q) = %q, want %q", tt.prefix, tt.listed, got, tt.want)
			}
		})
	}
}

// Whatever the names are, the listing is in the order of names.
func TestFolderSortsAnything(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		var keys []string
		for range rnd.IntN(12) {
			key := "a"
			for range rnd.IntN(4) {
				key += string("ab-./"[rnd.IntN(4)])
			}
			if rnd.IntN(2) == 0 {
				key += "/"
			}
			keys = append(keys, key)
		}
		slices.Sort(keys)
		keys = slices.Compact(keys)
		want := slices.Clone(keys)
		slices.SortStableFunc(want, func(a, b string) int {
			return strings.Compare(strings.TrimSuffix(a, "/"), strings.TrimSuffix(b, "/"))
		})
		if got := names(t, Folder("", listed(keys...))); !slices.Equal(got, want) {
			t.Fatalf("Folder of %q = %q, want %q", keys, got, want)
		}
	}
}

// A listing from which no entry has to be kept back is not collected first.
func TestFolderStreams(t *testing.T) {
	taken := 0
	source := func(yield func(Entry, error) bool) {
		for _, k := range []string{"a", "b", "c"} {
			taken++
			if !yield(Entry{Key: k}, nil) {
				return
			}
		}
	}
	for range Folder("", source) {
		break
	}
	if taken != 1 {
		t.Errorf("took %d entries for the first name, want 1", taken)
	}
}

func TestFolderErrors(t *testing.T) {
	for _, err := range Folder("gone/", listed()) {
		var pe *fs.PathError
		if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &pe) || pe.Path != "gone" {
			t.Errorf("a folder without keys: %v, want fs.ErrNotExist for gone", err)
		}
	}
	broken := errors.New("broken")
	var got []error
	for _, err := range Folder("", func(yield func(Entry, error) bool) { yield(Entry{}, broken) }) {
		got = append(got, err)
	}
	if len(got) != 1 || got[0] != broken {
		t.Errorf("a listing that breaks gives %v, want its one error", got)
	}
}
