package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"
	"testing/iotest"

	"github.com/downloadview/downloadview"
)

// saves reports whether the storage can save. It saves an empty file under "probe".
func saves(ctx context.Context, s downloadview.Storage) bool {
	err := downloadview.Save(ctx, s, "probe", bytes.NewReader(nil))
	return !errors.Is(err, errors.ErrUnsupported)
}

func checkSave(ctx context.Context, fx Fixture) error {
	if !saves(ctx, fx.Storage) {
		return nil
	}
	var p problems
	for i, size := range []int{1000, 0, 3<<20 + 1, 999} { // each replaces the last
		want := bytesOf(byte(i), size)
		if err := downloadview.Save(ctx, fx.Storage, plainKey, iotest.DataErrReader(bytes.NewReader(want))); err != nil {
			p.addf("Save of %d bytes: %w", size, err)
			continue
		}
		p.in(fmt.Sprintf("Save of %d bytes", size), wantBytes(ctx, fx, plainKey, want))
	}
	for _, key := range []string{"new/folders/for/a", "new/folders/for/b", "x"} {
		if err := downloadview.Save(ctx, fx.Storage, key, bytes.NewReader([]byte(key))); err != nil {
			p.addf("Save(%q): %w", key, err)
			continue
		}
		p.in(short(key), wantBytes(ctx, fx, key, []byte(key)))
	}
	names, err := namesIn(ctx, fx.Storage, "new/folders/for")
	if want := []string{"a", "b"}; err == nil && !slices.Equal(names, want) {
		p.addf("after Save of %q List(%q) = %q", want, "new/folders/for", names)
	}
	return p.err()
}

// wantBytes checks that the file under key has these bytes and passes [CheckFile].
func wantBytes(ctx context.Context, fx Fixture, key string, want []byte) error {
	f, err := fx.file(key)
	if err != nil {
		return err
	}
	got, err := readFile(ctx, f)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("the %d bytes that were read are not the wanted %d bytes", len(got), len(want))
	}
	return CheckFile(ctx, f)
}

// checkSaveOddKeys checks that Save supports each key that Put supports, and rejects
// each key that File rejects.
func checkSaveOddKeys(ctx context.Context, fx Fixture) error {
	if !saves(ctx, fx.Storage) {
		return nil
	}
	var p problems
	for _, key := range oddKeys {
		err := downloadview.Save(ctx, fx.Storage, key, bytes.NewReader([]byte("content of "+key)))
		switch _, invalid := fx.Storage.File(key); {
		case invalid != nil && !errors.Is(err, fs.ErrInvalid):
			p.addf("Save(%s): error is %v, want fs.ErrInvalid, since File rejects the key", short(key), err)
		case err == nil:
			p.in(short(key), wantOwnContent(ctx, fx, key))
		case invalid == nil && !errors.Is(fx.Put(key, nil), errors.ErrUnsupported):
			p.addf("Save(%s): %w; want no error, since Put can store this key", short(key), err)
		}
	}
	for _, key := range fx.refused() {
		if err := downloadview.Save(ctx, fx.Storage, key, bytes.NewReader(nil)); !errors.Is(err, fs.ErrInvalid) {
			p.addf("Save(%s): error is %v, want fs.ErrInvalid", short(key), err)
		}
	}
	return p.err()
}

// checkSaveFails checks that a Save that fails leaves the old file, or no file if
// there was none.
func checkSaveFails(ctx context.Context, fx Fixture) error {
	if !saves(ctx, fx.Storage) {
		return nil
	}
	old, young := bytesOf(1, 1000), bytesOf(2, 9<<20)
	if _, err := fx.put("old", old); err != nil {
		return err
	}
	broken := errors.New("the reader is broken")
	ended, end := context.WithCancel(ctx)
	end()
	var p problems
	for _, failure := range []struct {
		name string
		call func(key string) error
		want error
	}{
		{"the reader fails at once", func(key string) error {
			return downloadview.Save(ctx, fx.Storage, key, iotest.ErrReader(broken))
		}, broken},
		{"the reader fails early", func(key string) error {
			return downloadview.Save(ctx, fx.Storage, key, io.MultiReader(bytes.NewReader(young[:10]), iotest.ErrReader(broken)))
		}, broken},
		{"the reader fails late", func(key string) error {
			return downloadview.Save(ctx, fx.Storage, key, io.MultiReader(bytes.NewReader(young), iotest.ErrReader(broken)))
		}, broken},
		{"the context is cancelled", func(key string) error {
			return downloadview.Save(ended, fx.Storage, key, bytes.NewReader(young))
		}, context.Canceled},
		{"the context is cancelled half way", func(key string) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			return downloadview.Save(ctx, fx.Storage, key, io.MultiReader(bytes.NewReader(young), &calling{cancel}, bytes.NewReader(young)))
		}, context.Canceled},
		{"the context is cancelled at the end", func(key string) error {
			ctx, cancel := context.WithCancel(ctx)
			defer cancel()
			return downloadview.Save(ctx, fx.Storage, key, io.MultiReader(bytes.NewReader(young[:10]), &calling{cancel}))
		}, context.Canceled},
	} {
		for _, key := range []string{"old", "new"} {
			if err := failure.call(key); !errors.Is(err, failure.want) {
				p.addf("%s: Save(%q): error is %v, want %v", failure.name, key, err, failure.want)
			}
		}
		p.in(failure.name+": the old file", wantBytes(ctx, fx, "old", old))
		p.in(failure.name+": the key without a file", wantNoContent(ctx, fx.Storage, "new"))
		names, err := namesIn(ctx, fx.Storage, "")
		if want := []string{"old", "probe"}; err == nil && !slices.Equal(names, want) {
			p.addf("%s: List(%q) = %q, want %q", failure.name, "", names, want)
		}
	}
	return p.err()
}

// calling is an empty reader whose Read calls a function.
type calling struct{ call func() }

func (c *calling) Read([]byte) (int, error) {
	c.call()
	return 0, io.EOF
}

// checkSaveAtOnce saves and reads one key in several goroutines. Each read must give
// one whole version.
func checkSaveAtOnce(ctx context.Context, fx Fixture) error {
	if !saves(ctx, fx.Storage) {
		return nil
	}
	const writers, rounds = 4, 3
	versions := make([][]byte, writers)
	for i := range versions {
		versions[i] = bytesOf(byte(i), 100_000+i)
	}
	f, err := fx.put(plainKey, versions[0])
	if err != nil {
		return err
	}
	whole := func() error {
		got, err := readFile(ctx, f)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("the file is missing while it is replaced: %w", err)
		case err == nil && !slices.ContainsFunc(versions, func(v []byte) bool { return bytes.Equal(v, got) }):
			return fmt.Errorf("while several goroutines save, %d bytes were read that are none of the saved versions", len(got))
		}
		return nil // a read may fail, since then nothing wrong is used
	}
	errs := make([]error, 2*writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for range rounds {
				if err := downloadview.Save(ctx, fx.Storage, plainKey, bytes.NewReader(versions[i])); err != nil {
					errs[2*i] = err
				}
			}
		})
		wg.Go(func() {
			for range rounds {
				if err := whole(); err != nil {
					errs[2*i+1] = err
				}
			}
		})
	}
	wg.Wait()
	if _, err := readFile(ctx, f); err != nil {
		errs = append(errs, fmt.Errorf("after the last Save: %w", err))
	}
	return errors.Join(append(errs, whole())...)
}
