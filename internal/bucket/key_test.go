package bucket

import (
	"errors"
	"io/fs"
	"testing"
)

func TestCheckKey(t *testing.T) {
	for _, key := range []string{
		"a", "a/b", "/a", "a//b", "a/../b", "a/./b", "...", "..a/b", "a/b/../../c", "%2e%2e/x",
		"ą b+%41?#()'!*", `\..\x`, "\x01", "a\n",
	} {
		if err := CheckKey(key); err != nil {
			t.Errorf("CheckKey(%q): %v, want nil", key, err)
		}
	}
	for _, key := range []string{
		"", "/", "a/", "a\x00b", "\xff", "a\xc0\xaf", ".", "./.", "a/..", "..", "../a", "a/../..", "a/../../b", "./../b", "a//../../b", "a/./../../b",
	} {
		if err := CheckKey(key); err == nil {
			t.Errorf("CheckKey(%q) is nil, want an error", key)
		}
	}
}

func TestPrefix(t *testing.T) {
	for folder, want := range map[string]string{"": "", "a": "a/", "a/b": "a/b/", "a//b": "a//b/"} {
		if got, err := Prefix(folder); got != want || err != nil {
			t.Errorf("Prefix(%q) = %q, %v, want %q", folder, got, err, want)
		}
	}
	for _, folder := range []string{"/", "a/", "a\x00", "\xff", ".."} {
		_, err := Prefix(folder)
		var pe *fs.PathError
		if !errors.Is(err, fs.ErrInvalid) || !errors.As(err, &pe) || pe.Path != folder {
			t.Errorf("Prefix(%q): %v, want fs.ErrInvalid that names it", folder, err)
		}
	}
}
