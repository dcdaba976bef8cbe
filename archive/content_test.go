package archive_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
)

// noise returns n bytes that are the same each time.
func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)})
	r.Read(b)
	return b
}

var date = time.Date(2025, 7, 13, 12, 34, 57, 0, time.UTC)

// file returns a file in memory, with a validator.
func file(name string, content []byte) downloadview.File {
	sum := sha256.Sum256(content)
	return downloadview.FromBytes(name, content, &downloadview.Attributes{ETag: `"` + hex.EncodeToString(sum[:8]) + `"`, ModTime: date})
}

// A member is what an archive is expected to have.
type member struct {
	name    string
	content []byte // nil: a folder
}

// several are members of all sizes at which the layout changes.
func several() []member {
	members := []member{{"Übersicht/日本語 № 1.txt", []byte("Grüße")}, {"empty.txt", []byte{}}, {"empty folder/", nil}}
	for _, n := range []int{1, 65534, 65535, 65536, 131070, 131071, 1<<20 + 1} {
		members = append(members, member{fmt.Sprintf("sizes/%d.bin", n), noise(n)})
	}
	return members
}

func entriesOf(members []member) (entries []archive.Entry) {
	for _, m := range members {
		e := archive.Entry{Name: m.name, ModTime: date}
		if m.content != nil {
			e.File = file("key/of/"+m.name, m.content)
		}
		entries = append(entries, e)
	}
	return entries
}

// read reads all of f, and checks that its size was known.
func read(t testing.TB, f downloadview.File) []byte {
	t.Helper()
	fi, err := downloadview.Stat(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	h, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	b, err := io.ReadAll(h)
	if err != nil {
		t.Fatal(err)
	}
	if int64(len(b)) != fi.Size() {
		t.Errorf("%d bytes, but Stat says %d", len(b), fi.Size())
	}
	return b
}
