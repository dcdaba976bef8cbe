package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/downloadview/downloadview"
)

func checkMissing(ctx context.Context, fx Fixture) error {
	var p problems
	for _, key := range []string{"missing", "no/such/folder/x", "missing.txt"} {
		f, err := fx.file(key)
		if err != nil {
			p.addf("%w; want no error for a valid key, even if the file is missing: opening it returns fs.ErrNotExist", err)
			continue
		}
		p.in(fmt.Sprintf("%q", key), wantNothing(ctx, f, fs.ErrNotExist))
	}
	return p.err()
}

// wantNothing checks that each way to open f, or to get its facts, fails with one of
// errs.
func wantNothing(ctx context.Context, f downloadview.File, errs ...error) error {
	var p problems
	want := func(what string, err error) {
		for _, e := range errs {
			if errors.Is(err, e) {
				return
			}
		}
		p.addf("%s: error is %v, want %v", what, err, errs[0])
	}
	h, err := f.Open(ctx)
	if err == nil && h != nil {
		h.Close()
	}
	want("Open", err)
	if s, ok := downloadview.Find[downloadview.StatFile](f); ok {
		_, err := s.Stat(ctx)
		want("Stat", err)
	}
	if r, ok := downloadview.Find[downloadview.RangeFile](f); ok {
		h, err := r.OpenRange(ctx, 0, 1)
		if err == nil && h != nil {
			h.Close()
		}
		want("OpenRange", err)
	}
	return p.err()
}

// wantNoContent checks that File rejects key, or returns a missing file.
func wantNoContent(ctx context.Context, s downloadview.Storage, key string) error {
	f, err := s.File(key)
	if err == nil {
		return wantNothing(ctx, f, fs.ErrNotExist, fs.ErrInvalid)
	}
	var pathErr *fs.PathError
	if !errors.Is(err, fs.ErrInvalid) || !errors.As(err, &pathErr) {
		return fmt.Errorf("File: error is %v, want an fs.PathError with fs.ErrInvalid", err)
	}
	return nil
}

// checkInvalidKeys checks keys under which nothing was stored. A storage decides
// which of them are invalid, since buckets can have nearly all; none of them may
// return a file's bytes.
func checkInvalidKeys(ctx context.Context, fx Fixture) error {
	var p problems
	if _, err := fx.put(plainKey, []byte("plain")); err != nil {
		return err
	}
	for _, key := range []string{
		"", ".", "..", "/", "//", "../", "../x", "folder", "folder/", "folder/.", "folder/..", "\x00", "folder/\x00",
		"../../../../../../../../etc/passwd", "/etc/passwd", "//etc/passwd", `..\x`, `C:\Windows\win.ini`, "C:x",
		strings.Repeat("n", 5000), strings.Repeat("n/", 2500) + "n", "\xff", "\xff/..",
	} {
		p.in(short(key), wantNoContent(ctx, fx.Storage, key))
	}
	return p.err()
}

// checkAliases checks that a file has one key only. Similar keys, such as escaped
// ones, must not return its bytes.
func checkAliases(ctx context.Context, fx Fixture) error {
	var p problems
	for _, key := range []string{"x", "folder/x"} {
		if _, err := fx.put(key, []byte(key)); err != nil {
			return err
		}
	}
	for _, key := range []string{
		"/x", "./x", "x/", "x/.", "folder//x", "folder/./x", "folder/../x", "folder/x/", "folder/x/..", "/folder/x",
		"folder%2Fx", "folder%2fx", "folder%5cx", `folder\x`, "%78", "x\x00", "x\x00.txt", "x?", "x#", "x%00", "x::$DATA",
	} {
		p.in(short(key), wantNoContent(ctx, fx.Storage, key))
	}
	return p.err()
}

// oddKeys are unusual keys. A storage should accept them unless the place behind it
// can't have them.
var oddKeys = []string{
	"a", "a b", " a", "a  b", "a+b", "a%2Fb", "a%20b", "a%", "100%.txt", "a..b", "..a", "a../b", "...", ".file", ".hidden/x",
	"a#b", "a?b=c", "a&b;c", "a:b", "a=b", "a@b", "a,b", "a'b", `a"b`, "a<b>", "a|b", "a*b", "~", "-rf", "$HOME", "a[b]{c}",
	`a\b`, "a\tb", "a\nb", "a\r\nX-Header: b", "\x7f", "é", "e\u0301", "日本語.txt", "\u202egpj.exe", "😀", "ß/ſ", "no-extension", "x.tar.gz",
	"deep/deep/deep/deep/deep/deep/deep/deep/x", strings.Repeat("n", 200), strings.Repeat(strings.Repeat("n", 99)+"/", 8) + "n",
}

func checkOddKeys(ctx context.Context, fx Fixture) error {
	var p problems
	var kept []string
	for _, key := range oddKeys {
		switch err := fx.Put(key, []byte("content of "+key)); {
		case err == nil:
			kept = append(kept, key)
			p.in(short(key), wantOwnContent(ctx, fx, key))
		case errors.Is(err, errors.ErrUnsupported):
			p.in(short(key)+", which Put doesn't support", wantNoContent(ctx, fx.Storage, key))
		default:
			p.addf("Put(%q): %w", key, err)
		}
	}
	for _, key := range kept {
		// Some file systems treat the two spellings of é as one name.
		if key != "é" && key != "e\u0301" {
			p.in(short(key)+", after Put of all keys", wantOwnContent(ctx, fx, key))
		}
	}
	return p.err()
}

func wantOwnContent(ctx context.Context, fx Fixture, key string) error {
	f, err := fx.file(key)
	if err != nil {
		return err
	}
	if f.Name() != key {
		return fmt.Errorf("Name() = %q, want the key", f.Name())
	}
	got, err := readFile(ctx, f)
	if err != nil {
		return err
	}
	if want := []byte("content of " + key); !bytes.Equal(got, want) {
		return fmt.Errorf("content is %q, want %q", got, want)
	}
	return CheckFile(ctx, f)
}

// refused returns the keys of a list that File rejects.
func (fx Fixture) refused() (keys []string) {
	for _, key := range []string{"", ".", "..", "/", "../x", "folder/", "folder//x", "/x", "\x00", "\xff/..", strings.Repeat("n", 5000)} {
		if _, err := fx.Storage.File(key); err != nil {
			keys = append(keys, key)
		}
	}
	return keys
}

// short quotes a key for a message.
func short(key string) string {
	if len(key) > 60 {
		return fmt.Sprintf("%q… (%d bytes)", key[:40], len(key))
	}
	return fmt.Sprintf("%q", key)
}
