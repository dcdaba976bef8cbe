package httprange_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/downloadview/downloadview/internal/httprange"
)

func TestBody(t *testing.T) {
	const content = "0123456789"
	for name, reader := range map[string]func(io.Reader) io.Reader{
		"plain":         func(r io.Reader) io.Reader { return r },
		"byte by byte":  iotest.OneByteReader,
		"end with data": iotest.DataErrReader,
	} {
		t.Run(name, func(t *testing.T) {
			for _, length := range []int64{-1, 10} {
				got, err := io.ReadAll(httprange.NewBody(io.NopCloser(reader(strings.NewReader(content))), length))
				if string(got) != content || err != nil {
					t.Errorf("length %d: %q, %v, want all", length, got, err)
				}
			}
			got, err := io.ReadAll(httprange.NewBody(io.NopCloser(reader(strings.NewReader(content))), 11))
			if string(got) != content || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("a byte is missing: %q, %v, want io.ErrUnexpectedEOF", got, err)
			}
			got, err = io.ReadAll(httprange.NewBody(io.NopCloser(reader(strings.NewReader(content))), 9))
			if string(got) != content[:9] || err == nil || errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("a byte too many: %q, %v, want nine and an error", got, err)
			}
		})
	}
}

func TestBodyKeepsErrors(t *testing.T) {
	broken := errors.New("broken")
	if _, err := httprange.NewBody(io.NopCloser(iotest.ErrReader(broken)), 10).Read(make([]byte, 1)); err != broken {
		t.Errorf("Read: %v, want the error beneath", err)
	}
}
