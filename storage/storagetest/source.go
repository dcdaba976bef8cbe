package storagetest

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/downloadview/downloadview"
)

func checkSource(_ context.Context, fx Fixture) error {
	f, err := fx.file(plainKey)
	if err != nil {
		return err
	}
	src, ok := downloadview.SourceOf(f)
	if !ok {
		return nil
	}
	var p problems
	if src.Scheme == "" {
		p.addf("source %q has no scheme", src)
	}
	if !strings.HasSuffix(src.Path, plainKey) {
		p.addf("path of the source is %q, want it to end in the unescaped key %q", src.Path, plainKey)
	}
	other, err := fx.file("folder/other")
	if err != nil {
		return err
	}
	if s, ok := downloadview.SourceOf(other); !ok || s == src {
		p.addf("sources of %q and %q are %q and %q, %t, want two different ones", f.Name(), other.Name(), src, s, ok)
	}
	content := bytesOf(1, 1000)
	if f, err = fx.put(plainKey, content); err != nil {
		return err
	}
	if s, ok := downloadview.SourceOf(f); !ok || s != src {
		p.addf("source after Put is %q, %t, want it unchanged, %q", s, ok, src)
	}
	if src.Scheme == "file" {
		p.in("source", checkLocal(src, content))
	}
	return p.err()
}

// checkLocal checks that a source with the scheme "file" is the path of a file with
// the bytes want.
func checkLocal(src downloadview.Source, want []byte) error {
	if src.Host != "" || !strings.HasPrefix(src.Path, "/") {
		return fmt.Errorf("source is %#v, want no host and an absolute path", src)
	}
	name := src.Path
	if runtime.GOOS == "windows" {
		name = filepath.FromSlash(strings.TrimPrefix(name, "/"))
	}
	got, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	if !bytes.Equal(got, want) {
		return fmt.Errorf("the bytes at %q are not those of the file", src.Path)
	}
	return nil
}
