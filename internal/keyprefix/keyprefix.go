// Package keyprefix says what all keys of a bucket may be told to begin with.
package keyprefix

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Check tells why prefix is none; nil is fine, "" included, which is the whole
// bucket. What it says follows the prefix in a sentence.
//
// A prefix ends in a slash. "tenant1" is also the beginning of
// "tenant10/a.txt", and it isn't completed: whoever has the keys "a-1" and "a-2"
// and means both by "a-" would find nothing, without being told why. It has no
// dot segments: stores on a file system resolve them, and so do clients of
// signed URLs. Empty segments are part of keys like others, as in "a//" or "/".
func Check(prefix string) error {
	switch {
	case prefix == "":
		return nil
	case !utf8.ValidString(prefix), strings.ContainsRune(prefix, 0):
		return errors.New("is not UTF-8 without NUL; want a prefix of keys such as 2026/")
	case !strings.HasSuffix(prefix, "/"):
		return fmt.Errorf("does not end in a slash, and is the beginning of names next to it too; want %s/", prefix)
	}
	for segment := range strings.SplitSeq(prefix, "/") {
		if segment == "." || segment == ".." {
			return fmt.Errorf("has the segment %q, which some stores resolve; want a prefix of keys such as 2026/", segment)
		}
	}
	return nil
}

// Error is what [Check] says of the prefix of a storage, as a sentence. It is an
// error of the application, and not of any key.
func Error(prefix string) error {
	if err := Check(prefix); err != nil {
		return fmt.Errorf("the storage's prefix %q %w", prefix, err)
	}
	return nil
}
