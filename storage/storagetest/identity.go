package storagetest

import (
	"context"
	"strings"

	"github.com/downloadview/downloadview"
)

// checkIdentity tells whether a name, by which bytes and URLs are kept, is that of
// one object, whoever asks and when.
func checkIdentity(_ context.Context, fx Fixture) error {
	f, err := fx.file(plainKey)
	if err != nil {
		return err
	}
	id, ok := downloadview.IdentityOf(f)
	if !ok {
		return nil
	}
	var p problems
	if id == "" || len(id) > 4<<10 || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		p.addf("identity %q is not printable ASCII without spaces, of 4 KiB at most", id)
	}
	for _, key := range []string{"folder/other", "folder/file%20name.txt", "folder/file+name.txt", "folder/file name.txt#", "folder/file"} {
		other, err := fx.file(key)
		if err != nil {
			continue // no key of this storage
		}
		if got, ok := downloadview.IdentityOf(other); !ok || got == id {
			p.addf("identities of %q and %q are %q and %q, %t, want two", f.Name(), key, id, got, ok)
		}
	}
	for range 2 {
		if f, err = fx.put(plainKey, bytesOf(1, 1000)); err != nil {
			return err
		}
		if got, ok := downloadview.IdentityOf(f); !ok || got != id {
			p.addf("identity is %q, %t, want it as it was, %q", got, ok, id)
		}
	}
	if pinner, ok := downloadview.Find[downloadview.Pinner](f); ok {
		if got, ok := downloadview.IdentityOf(pinner.Pin(`"v1"`)); ok && got == id {
			p.addf("identity of a pinned file is %q, that of any version", got)
		}
	}
	return p.err()
}
