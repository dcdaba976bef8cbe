package archive_test

import (
	"bytes"
	"context"
	"io/fs"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
)

// A fixedFile has handles whose Seek fails.
type fixedFile struct{ downloadview.File }

func (f fixedFile) Open(ctx context.Context) (fs.File, error) {
	h, err := f.File.Open(ctx)
	return fixedHandle{h}, err
}

func (f fixedFile) Stat(ctx context.Context) (fs.FileInfo, error) {
	return downloadview.Stat(ctx, f.File)
}

type fixedHandle struct{ fs.File }

func (fixedHandle) Seek(int64, int) (int64, error) {
	return 0, &fs.PathError{Op: "seek", Path: "a", Err: syscall.EPERM} // as of afero.FromIOFS
}

// A part of an archive that begins within a member whose handle can't seek after all is made
// by reading what comes before.
func TestPartsOfMembersThatCantSeek(t *testing.T) {
	member := fixedFile{file("a", noise(100_000))}
	url := serve(t, func() downloadview.File { return archive.Zip("a.zip", archive.Of(archive.Entry{File: member}), nil) })
	whole := ask(t, "GET", url)
	for _, field := range []string{"bytes=50000-", "bytes=50000-50009", "bytes=-60000"} {
		got := ask(t, "GET", url, "Range", field)
		if got.StatusCode != 206 || got.err != nil || !bytes.Contains(whole.body, got.body) || len(got.body) == 0 {
			t.Errorf("%s: %d, %d bytes, %v; want a part", field, got.StatusCode, len(got.body), got.err)
		}
	}
}
