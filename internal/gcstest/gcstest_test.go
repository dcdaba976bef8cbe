package gcstest

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"

	"cloud.google.com/go/storage"
)

func TestServer(t *testing.T) {
	s := Start(t)
	content := bytes.Repeat([]byte("0123456789"), 300_000)
	const key = "a folder/ą+%41.bin"
	s.Put(t, key, content)
	for name, client := range map[string]*storage.Client{
		"XML":  s.Client,
		"JSON": s.NewClient(t, &http.Transport{}, storage.WithJSONReads()),
	} {
		s.Counter.Reset()
		r, err := client.Bucket(s.Bucket).Object(key).NewRangeReader(t.Context(), 10, 10)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if got, err := io.ReadAll(r); string(got) != "0123456789" || err != nil {
			t.Errorf("%s: bytes 10-19 are %q, %v", name, got, err)
		}
		want := []Request{{Operation: "ReadObject", Range: "bytes=10-19"}}
		if got := s.Counter.Requests(); !slices.Equal(got, want) {
			t.Errorf("%s: counted %v, want %v", name, got, want)
		}
	}
}

func TestBefore(t *testing.T) {
	s := Start(t)
	var seen []string
	s.Counter.Before(func(r Request) { seen = append(seen, r.Operation) })
	s.Put(t, "x", []byte("x"))
	o := s.Client.Bucket(s.Bucket).Object("x")
	if _, err := o.Attrs(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Client.Bucket(s.Bucket).Objects(t.Context(), nil).Next()
	if err := o.Delete(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.Counter.Before(nil)
	o.Attrs(t.Context())
	if want := []string{"InsertObject", "GetObject", "ListObjects", "DeleteObject"}; !slices.Equal(seen, want) {
		t.Errorf("saw %q before passing it on, want %q", seen, want)
	}
}

// A replaced generation no longer exists. This server doesn't support
// preconditions of reads.
func TestServerKnowsGenerations(t *testing.T) {
	s := Start(t)
	s.Put(t, "x", []byte("one"))
	o := s.Client.Bucket(s.Bucket).Object("x")
	first, err := o.Attrs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Put(t, "x", []byte("two"))
	if _, err = o.Generation(first.Generation).NewReader(t.Context()); !errors.Is(err, storage.ErrObjectNotExist) {
		t.Errorf("the first generation after the second: %v, want ErrObjectNotExist", err)
	}
}
