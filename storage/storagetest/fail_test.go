package storagetest

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/downloadview/downloadview"
)

func TestFailWithoutFailureConforms(t *testing.T) {
	Run(t, func(*testing.T) Fixture {
		fx := newModel("").fixture()
		fx.Storage = Fail(fx.Storage, Failure{})
		return fx
	})
}

func TestFail(t *testing.T) {
	fault := errors.New("fault")
	content := bytesOf(1, 100_000)
	m := newModel("")
	if err := m.put("x", content); err != nil {
		t.Fatal(err)
	}
	file := func(f Failure) downloadview.File {
		file, err := Fail(m, f).File("x")
		if err != nil {
			t.Fatal(err)
		}
		return file
	}

	t.Run("open", func(t *testing.T) {
		f := file(Failure{Open: fault})
		if _, err := f.Open(t.Context()); !errors.Is(err, fault) {
			t.Errorf("Open: %v", err)
		}
		if _, err := downloadview.OpenRange(t.Context(), f, 0, 1); !errors.Is(err, fault) {
			t.Errorf("OpenRange: %v", err)
		}
		if _, err := downloadview.Stat(t.Context(), f); err != nil {
			t.Errorf("Stat: %v", err)
		}
	})
	t.Run("stat", func(t *testing.T) {
		f := file(Failure{Stat: fault})
		if _, err := downloadview.Stat(t.Context(), f); !errors.Is(err, fault) {
			t.Errorf("Stat: %v", err)
		}
		h, err := f.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Stat(); !errors.Is(err, fault) {
			t.Errorf("Stat of the handle: %v", err)
		}
	})
	t.Run("read", func(t *testing.T) {
		for _, after := range []int{0, 1, 50_000} {
			got, err := readFile(t.Context(), file(Failure{Read: fault, After: int64(after)}))
			if !errors.Is(err, fault) || !bytes.Equal(got, content[:after]) {
				t.Errorf("after %d: %d bytes, %v", after, len(got), err)
			}
		}
	})
	t.Run("short", func(t *testing.T) {
		for _, short := range []int{1, 1000, len(content) - 1, len(content), 2 * len(content)} {
			got, err := readFile(t.Context(), file(Failure{Short: short}))
			if want := content[:max(len(content)-short, 0)]; err != nil || !bytes.Equal(got, want) {
				t.Errorf("short by %d: %d bytes, %v, want %d", short, len(got), err, len(want))
			}
		}
		h, err := file(Failure{Short: 10}).Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := checkShortSeek(h.(io.ReadSeeker), content[:len(content)-10]); err != nil {
			t.Error(err)
		}
	})
	t.Run("close", func(t *testing.T) {
		if got, err := readFile(t.Context(), file(Failure{Close: fault})); !errors.Is(err, fault) || !bytes.Equal(got, content) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
	})
}

func checkShortSeek(h io.ReadSeeker, want []byte) error {
	if _, err := io.CopyN(io.Discard, h, 10); err != nil {
		return err
	}
	if at, err := h.Seek(0, io.SeekCurrent); err != nil || at != 10 {
		return errors.Join(err, errors.New("the position is not the number of bytes that were read"))
	}
	if got, err := io.ReadAll(h); err != nil || !bytes.Equal(got, want[10:]) {
		return errors.Join(err, errors.New("wrong bytes were read after Seek"))
	}
	return nil
}
