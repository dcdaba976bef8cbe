package downloadview_test

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/storagetest"
)

// The facts of generated files agree with their bytes.
func TestGeneratedFilesAreWhatTheySay(t *testing.T) {
	text := strings.Repeat("0123456789abcdef\n", 5000)
	write := func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, text)
		return err
	}
	open := func(context.Context) (io.Reader, error) { return strings.NewReader(text), nil }
	a := downloadview.Attributes{ETag: `"v1"`}
	sized := a
	sized.Size = int64(len(text))
	for name, f := range map[string]downloadview.File{
		"bytes":        downloadview.FromBytes("a.txt", []byte(text), &a),
		"string":       downloadview.FromString("a.txt", text, &a),
		"empty":        downloadview.FromBytes("a.txt", nil, nil),
		"func":         downloadview.FromFunc("a.txt", write, nil),
		"sized func":   downloadview.FromFunc("a.txt", write, &sized),
		"sized opener": downloadview.FromOpener("a.txt", open, &sized),
	} {
		if err := storagetest.CheckFile(t.Context(), f); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
