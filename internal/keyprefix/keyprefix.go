// Package keyprefix checks the prefixes that are put before all keys of a bucket.
package keyprefix

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Check returns an error if prefix is not valid. "" is valid, and stands for the
// whole bucket. The text of the error continues a sentence that begins with the
// prefix.
//
// A valid prefix ends in a slash, because "tenant1" is also the beginning of
// "tenant10/a.txt". Check doesn't add the slash: with "a-" for the keys "a-1" and
// "a-2" that would hide all files without an error. A valid prefix has no dot
// segments, because stores on a file system and clients of signed URLs resolve
// them. Empty segments, as in "a//" or "/", are valid parts of keys.
func Check(prefix string) error {
	switch {
	case prefix == "":
		return nil
	case !utf8.ValidString(prefix), strings.ContainsRune(prefix, 0):
		return errors.New("is not UTF-8 or has a NUL; want a prefix of keys such as 2026/")
	case !strings.HasSuffix(prefix, "/"):
		return fmt.Errorf("does not end in a slash, so names next to it begin with it, too; want %s/", prefix)
	}
	for segment := range strings.SplitSeq(prefix, "/") {
		if segment == "." || segment == ".." {
			return fmt.Errorf("has the segment %q, which some stores resolve; want a prefix of keys such as 2026/", segment)
		}
	}
	return nil
}

// Error is [Check] for the prefix of a storage, with a complete sentence as the
// error's text. The error is about the storage's options, not about a key.
func Error(prefix string) error {
	if err := Check(prefix); err != nil {
		return fmt.Errorf("the storage's prefix %q %w", prefix, err)
	}
	return nil
}
