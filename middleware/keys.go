package middleware

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/downloadview/downloadview/internal/localfile"
)

// Keys are the secrets that links are signed and verified with. Each has an id, which
// is part of a link, so that keys can be replaced while links of older ones are still
// in use. [ReadKeys] and [ParseKeys] make them; the zero value has no key: nothing can
// be signed, and no link is valid. Several goroutines may use it.
type Keys struct{ ring atomic.Pointer[[]*key] }

// A key is one line of a key file.
type key struct {
	id          string
	signFrom    time.Time // zero: always
	acceptUntil time.Time // zero: for ever
	secret      []byte
	macs        sync.Pool // of *linkMAC
	lease       []byte    // the subkey for names of clients in a LeaseStore
}

const (
	shortestKey    = 32      // bytes
	longestKeyFile = 1 << 20 // bytes
	longestKeyID   = 32
)

// ReadKeys reads a key file: see [ParseKeys]. It refuses a file that everybody can
// read or write, or that its group can write, but not on Windows. The group may read
// it, as it may what systemd and Kubernetes make of a secret. An error that concerns
// the file itself wraps that of package os.
func ReadKeys(file string) (*Keys, error) {
	f, err := os.OpenFile(file, localfile.Flag, 0) // a pipe is not waited for
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("key file %s: it is not a regular file", file)
	}
	if mode := info.Mode().Perm(); mode&0o027 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("key file %s: other users can read or change it (mode %04o): chmod 600 %[1]s", file, mode)
	}
	text, err := io.ReadAll(io.LimitReader(f, longestKeyFile+1))
	if err != nil {
		return nil, err
	}
	return ParseKeys(file, text)
}

// ParseKeys reads the text of a key file, which may begin with a byte order mark. A line is
// a key, empty, or a comment that begins with "#":
//
//	ID KEY [sign-from=TIME] [accept-until=TIME]
//
// ID is up to 32 letters, digits, "-" and "_" of ASCII. KEY is base64url of 32 random
// bytes or more. TIME has the form of RFC 3339, such as 2027-01-01T00:00:00Z. Of the
// keys whose sign-from has come and whose accept-until hasn't, the one with the latest
// sign-from signs; one without has the earliest, and of equal ones the last in the
// file signs. Links of a key are valid until its accept-until, if they don't expire
// earlier; also those that another machine signed before sign-from.
//
// An error names file and line, and has nothing of a key in it. file is used for
// nothing else.
func ParseKeys(file string, text []byte) (*Keys, error) {
	if len(text) > longestKeyFile {
		return nil, fmt.Errorf("key file %s: it has more than %d bytes", file, longestKeyFile)
	}
	var ring []*key
	lines := map[string]int{}
	for i, line := range strings.Split(strings.TrimPrefix(string(text), "\ufeff"), "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		k, err := parseKey(words)
		if err == nil && lines[k.id] > 0 {
			err = fmt.Errorf("the id %s is that of line %d, too", k.id, lines[k.id])
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, i+1, err)
		}
		lines[k.id] = i + 1
		ring = append(ring, k)
	}
	if len(ring) == 0 {
		return nil, fmt.Errorf("key file %s: there is no key in it; want a line such as \"ID BASE64URL\"", file)
	}
	k := new(Keys)
	k.ring.Store(&ring)
	return k, nil
}

// parseKey reads the words of a line. Its errors quote none that may be the key.
func parseKey(words []string) (*key, error) {
	k := &key{id: words[0]}
	if !isKeyID(k.id) {
		return nil, fmt.Errorf("the first word is not a key id; want up to %d letters, digits, \"-\" and \"_\"", longestKeyID)
	}
	if len(words) < 2 {
		return nil, errors.New("there is no key after the first word; want \"ID BASE64URL\"")
	}
	secret, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimRight(words[1], "="))
	if err != nil {
		return nil, fmt.Errorf("the key %s is not base64url (letters, digits, \"-\" and \"_\")", k.id)
	}
	if len(secret) < shortestKey {
		return nil, fmt.Errorf("the key %s has %d bytes; want %d or more, from a random source", k.id, len(secret), shortestKey)
	}
	for i, word := range words[2:] {
		name, value, _ := strings.Cut(word, "=")
		var at *time.Time
		switch name {
		case "sign-from":
			at = &k.signFrom
		case "accept-until":
			at = &k.acceptUntil
		default:
			return nil, fmt.Errorf("word %d after the key %s is unknown; want sign-from=TIME or accept-until=TIME", i+1, k.id)
		}
		if !at.IsZero() {
			return nil, fmt.Errorf("the key %s has %s twice", k.id, name)
		}
		if *at, err = time.Parse(time.RFC3339, value); err != nil || at.Year() < 1970 {
			return nil, fmt.Errorf("the %s of the key %s is not a time; want one such as 2027-01-01T00:00:00Z", name, k.id)
		}
	}
	if !k.signFrom.IsZero() && !k.acceptUntil.IsZero() && !k.signFrom.Before(k.acceptUntil) {
		return nil, fmt.Errorf("the key %s signs from %s, but is accepted until %s only", k.id, k.signFrom.Format(time.RFC3339), k.acceptUntil.Format(time.RFC3339))
	}
	k.secret = secret
	subkey, err := k.subkey(LinkPurpose)
	if err != nil {
		return nil, err
	}
	if k.lease, err = k.subkey("lease"); err != nil {
		return nil, err
	}
	k.macs.New = func() any { return newLinkMAC(subkey, k.id) }
	return k, nil
}

func isKeyID(s string) bool { return s != "" && len(s) <= longestKeyID && isBase64URL(s) }

// Swap puts the keys of from in place of those that k has, while k is in use, such as
// after the key file changed. from may be used on.
func (k *Keys) Swap(from *Keys) { k.ring.Store(from.ring.Load()) }

func (k *Keys) all() []*key {
	if ring := k.ring.Load(); ring != nil {
		return *ring
	}
	return nil
}

// signing returns the key that signs at a time.
func (k *Keys) signing(now time.Time) (newest *key) {
	for _, each := range k.all() {
		if each.signFrom.After(now) || !each.accepts(now) {
			continue
		}
		if newest == nil || !each.signFrom.Before(newest.signFrom) {
			newest = each
		}
	}
	return newest
}

// accepts reports whether links of k are valid at a time.
func (k *key) accepts(now time.Time) bool {
	return k.acceptUntil.IsZero() || now.Before(k.acceptUntil)
}

func (k *Keys) byID(id string) *key {
	for _, each := range k.all() {
		if each.id == id {
			return each
		}
	}
	return nil
}

// A KeyInfo is what may be told of a key.
type KeyInfo struct {
	ID          string
	SignFrom    time.Time // zero: always
	AcceptUntil time.Time // zero: for ever
	Signs       bool      // whether new links are signed with it
}

// List returns what may be told of the keys at a time, in the order of the file.
func (k *Keys) List(now time.Time) []KeyInfo {
	var list []KeyInfo
	signing := k.signing(now)
	for _, each := range k.all() {
		list = append(list, KeyInfo{each.id, each.signFrom, each.acceptUntil, each == signing})
	}
	return list
}
