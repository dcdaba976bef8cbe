// Package bucket has the code that all storages over buckets share: checks of
// keys, errors, open objects, and folders made from listings.
package bucket

import (
	"errors"
	"io/fs"
	"strings"
	"unicode/utf8"
)

// CheckKey returns the reason why key can't be that of a served object, or nil.
// A valid key isn't empty, doesn't end in a slash and is UTF-8 without NUL. If
// its dot segments were resolved, it would stay below the top: S3 has no keys
// with more ".." than names before them, and in a store on a file system that
// resolves them such a key would leave the prefix. Everything else is a valid
// name, including "a//b" and "a/../b".
func CheckKey(key string) error {
	switch {
	case key == "":
		return errors.New("the key is empty")
	case strings.HasSuffix(key, "/"):
		return errors.New("the key ends in a slash, as only folders do")
	case !utf8.ValidString(key), strings.ContainsRune(key, 0):
		return errors.New("the key is not UTF-8 or has a NUL")
	case climbs(key):
		return errors.New(`the key has more ".." than names before them, or no name`)
	}
	return nil
}

// climbs reports whether key, after resolving its dot segments, would be the
// top or outside of it.
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

// Prefix returns the common prefix of the keys in folder; "" for the top, which
// is the folder "". A folder that isn't a valid key for [CheckKey] is
// [fs.ErrInvalid].
func Prefix(folder string) (string, error) {
	if folder == "" {
		return "", nil
	}
	if err := CheckKey(folder); err != nil {
		return "", Invalid("list", folder, err)
	}
	return folder + "/", nil
}

// Refused returns why, an error of the whole storage, as the error for key.
func Refused(op, key string, why error) error {
	return &fs.PathError{Op: op, Path: key, Err: why}
}

// Invalid returns the error for an invalid key, with the reason why.
func Invalid(op, key string, why error) error {
	return &fs.PathError{Op: op, Path: key, Err: &invalidError{why}}
}

// invalidError is fs.ErrInvalid with the reason as its text.
type invalidError struct{ why error }

func (e *invalidError) Error() string        { return e.why.Error() }
func (e *invalidError) Is(target error) bool { return target == fs.ErrInvalid }
