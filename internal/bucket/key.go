// Package bucket holds what all storages over buckets share: which keys there
// are, and how a bucket's listing becomes a folder.
package bucket

import (
	"errors"
	"io/fs"
	"strings"
	"unicode/utf8"
)

// CheckKey tells why key can't be that of an object that is served; nil is
// fine. A key is neither empty nor ends in a slash, is UTF-8 without NUL, and
// its dots, if somebody resolved them, leave it below the top: S3 has no keys
// with more ".." than names before them, and a store on a file system that
// does resolve them would leave the prefix.
// Everything else is a name as it is, "a//b" and "a/../b" included.
func CheckKey(key string) error {
	switch {
	case key == "":
		return errors.New("a key is not empty")
	case strings.HasSuffix(key, "/"):
		return errors.New("a key that ends in a slash is a folder")
	case !utf8.ValidString(key), strings.ContainsRune(key, 0):
		return errors.New("a key is UTF-8 without NUL")
	case climbs(key):
		return errors.New("a key stays below the top of its bucket")
	}
	return nil
}

// climbs tells whether key, were its dots resolved, would leave the top or be
// the top itself.
func climbs(key string) bool {
	if !strings.Contains(key, ".") {
		return false
	}
	depth := 0
	for segment := range strings.SplitSeq(key, "/") {
		switch segment {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return true
			}
		default:
			depth++
		}
	}
	return depth == 0
}

// Prefix returns what the keys in folder begin with; "" for the top, which is
// "". A folder that is no key, as [CheckKey] says, is [fs.ErrInvalid].
func Prefix(folder string) (string, error) {
	if folder == "" {
		return "", nil
	}
	if err := CheckKey(folder); err != nil {
		return "", Invalid("list", folder, err)
	}
	return folder + "/", nil
}

// Refused returns the error why of the storage as that of key.
func Refused(op, key string, why error) error {
	return &fs.PathError{Op: op, Path: key, Err: why}
}

// Invalid returns the error for a key that can't be, for the reason why.
func Invalid(op, key string, why error) error {
	return &fs.PathError{Op: op, Path: key, Err: &invalidError{why}}
}

// invalidError is fs.ErrInvalid with a reason instead of its text.
type invalidError struct{ why error }

func (e *invalidError) Error() string        { return e.why.Error() }
func (e *invalidError) Is(target error) bool { return target == fs.ErrInvalid }
