package azurebucket_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/azuretest"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/azurebucket"
)

// operations returns the requested operations since the last Reset.
func operations(srv *azuretest.Server) (names []string) {
	for _, r := range srv.Counter.Requests() {
		names = append(names, r.Operation)
	}
	return names
}

func TestSaveSizes(t *testing.T) {
	srv := azuretest.Start(t)
	s := azurebucket.New(srv.Client, &azurebucket.Options{Prefix: "in/"})
	blocks := func(n int) []string {
		return append(slices.Repeat([]string{"PutBlock"}, n), "PutBlockList")
	}
	for size, want := range map[int][]string{
		0:         {"PutBlob"},
		1:         {"PutBlob"},
		8<<20 - 1: {"PutBlob"},
		8 << 20:   blocks(1),
		8<<20 + 1: blocks(2),
		20 << 20:  blocks(3),
		24 << 20:  blocks(3),
	} {
		srv.Counter.Reset()
		object := buckettest.Numbered(size, size)
		if err := s.Save(t.Context(), "a.csv", struct{ io.Reader }{bytes.NewReader(object)}); err != nil {
			t.Errorf("Save of %d bytes: %v", size, err)
			continue
		}
		if got := operations(srv); !slices.Equal(got, want) {
			t.Errorf("%d bytes are %q, want %q", size, got, want)
		}
		h, err := file(t, s, "a.csv").Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if a := attributes(t, h.Stat); a.ContentType != "text/csv; charset=utf-8" || a.Size != int64(size) {
			t.Errorf("%d bytes are stored as %+v, want them as text/csv", size, a)
		}
		if got := content(t, h); got != string(object) {
			t.Errorf("%d bytes are stored, or other ones; want %d", len(got), size)
		}
	}
	if got, want := buckettest.Names(t, azurebucket.New(srv.Client, nil), ""), []string{"in/"}; !slices.Equal(got, want) {
		t.Errorf("the container has %q, want %q: the prefix", got, want)
	}
}

// reading is a reader that calls a function.
type reading func() error

func (r reading) Read([]byte) (int, error) { return 0, r() }

// The blocks that a failed upload leaves aren't the blob and don't disturb the
// next upload, by this storage or by the SDK.
func TestSaveAfterFailure(t *testing.T) {
	srv := azuretest.Start(t)
	s := azurebucket.New(srv.Client, nil)
	long := strings.Repeat("long", 5<<20)
	broken := errors.New("broken")
	fail := func(key string) {
		err := s.Save(t.Context(), key, io.MultiReader(strings.NewReader(long), iotest.ErrReader(broken)))
		if !errors.Is(err, broken) {
			t.Errorf("Save: %v, want the reader's error", err)
		}
	}
	srv.Put(t, "old", []byte("old"))
	fail("old")
	h, err := file(t, s, "old").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, h); got != "old" {
		t.Errorf("the blob has %d bytes, want the old ones", len(got))
	}
	for name, save := range map[string]func(key string) error{
		"storage": func(key string) error { return s.Save(t.Context(), key, strings.NewReader(long)) },
		"sdk": func(key string) error {
			_, err := srv.Client.NewBlockBlobClient(key).UploadStream(t.Context(), strings.NewReader(long), nil)
			return err
		},
	} {
		fail(name)
		if _, err := file(t, s, name).Open(t.Context()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a part of an upload is a blob: %v, want fs.ErrNotExist", name, err)
		}
		if err := save(name); err != nil {
			t.Errorf("%s: after a failure: %v", name, err)
		}
	}
	if got, want := buckettest.Names(t, s, ""), []string{"old", "sdk", "storage"}; !slices.Equal(got, want) {
		t.Errorf("List = %q, want %q", got, want)
	}
}

// The case in the documentation: of two long uploads at once, the one that ends
// later may fail. The stored blob is complete.
func TestSaveAtOnce(t *testing.T) {
	srv := azuretest.Start(t)
	s := azurebucket.New(srv.Client, nil)
	outer, inner := strings.Repeat("outer", 4<<20), strings.Repeat("inner", 4<<20)
	err := s.Save(t.Context(), "a", io.MultiReader(strings.NewReader(outer), reading(func() error {
		if err := s.Save(t.Context(), "a", strings.NewReader(inner)); err != nil {
			t.Errorf("the first to end: %v", err)
		}
		return io.EOF
	})))
	want := outer
	if err != nil {
		want = inner
		if !errors.Is(err, downloadview.ErrUpstream) || !bloberror.HasCode(err, bloberror.InvalidBlockList) {
			t.Errorf("the last to end: %v, want ErrUpstream and InvalidBlockList", err)
		}
	}
	h, err := file(t, s, "a").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := content(t, h); got != want {
		t.Errorf("the blob has %d bytes of %.5q, want %d of %.5q", len(got), got, len(want), want)
	}
}

func TestStoreRefusesBlock(t *testing.T) {
	asked := 0
	s := fake(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		io.Copy(io.Discard, r.Body)
		w.Header().Set("X-Ms-Error-Code", "AuthorizationPermissionMismatch")
		w.WriteHeader(http.StatusForbidden)
	})
	if err := s.Save(t.Context(), "a", strings.NewReader(strings.Repeat("long", 3<<20))); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("Save: %v, want fs.ErrPermission", err)
	}
	if asked != 1 {
		t.Errorf("asked %d times, want once", asked)
	}
}

func TestDelete(t *testing.T) {
	srv := azuretest.Start(t)
	srv.Put(t, "in/a", []byte("x"))
	srv.Put(t, "a", []byte("x"))
	s := azurebucket.New(srv.Client, &azurebucket.Options{Prefix: "in/"})
	srv.Counter.Reset()
	if err := s.Delete(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	if got, want := operations(srv), []string{"DeleteBlob"}; !slices.Equal(got, want) {
		t.Errorf("Delete is %q, want %q", got, want)
	}
	if err := s.Delete(t.Context(), "a"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Delete again: %v, want fs.ErrNotExist", err)
	}
	all := azurebucket.New(srv.Client, nil)
	if got, want := buckettest.Names(t, all, ""), []string{"a"}; !slices.Equal(got, want) {
		t.Errorf("the container has %q, want still %q, which is not below the prefix", got, want)
	}

	if _, err := srv.Client.NewBlobClient("a").CreateSnapshot(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if err := all.Delete(t.Context(), "a"); !bloberror.HasCode(err, bloberror.SnapshotsPresent) {
		t.Errorf("Delete of a blob with a snapshot: %v, want SnapshotsPresent", err)
	}
	if found, err := all.Exists(t.Context(), "a"); !found || err != nil {
		t.Errorf("Exists = %t, %v, want it still there", found, err)
	}
}
