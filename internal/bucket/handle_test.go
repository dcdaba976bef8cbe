package bucket_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

func TestHandle(t *testing.T) {
	info := downloadview.Attributes{Size: 4}.FileInfo("a")
	h := &bucket.Handle{Ctx: t.Context(), Key: "in/a", Body: io.NopCloser(strings.NewReader("0123")), Info: info}
	if got, err := io.ReadAll(h); string(got) != "0123" || err != nil {
		t.Errorf("%q, %v, want all", got, err)
	}
	if fi, err := h.Stat(); fi != info || err != nil {
		t.Errorf("Stat: %v, %v", fi, err)
	}
	broken := errors.New("broken")
	h.Body = io.NopCloser(iotest.ErrReader(broken))
	_, err := h.Read(make([]byte, 1))
	if pe, ok := errors.AsType[*fs.PathError](err); !ok || pe.Path != "in/a" || !errors.Is(err, downloadview.ErrUpstream) {
		t.Errorf("Read: %v, want ErrUpstream that names the key", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.Ctx = ctx
	if _, err := h.Read(make([]byte, 1)); !errors.Is(err, context.Canceled) || errors.Is(err, downloadview.ErrUpstream) {
		t.Errorf("Read after the request has ended: %v, want context.Canceled alone", err)
	}
}
