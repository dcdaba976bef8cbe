package storagetest

import (
	"context"
	"strings"

	"github.com/downloadview/downloadview"
)

// checkIdentity checks the identity of a file, which is the key of a cache. Each
// object must have its own identity, and must keep it when its bytes are replaced.
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
		p.addf("identity is %q, want printable ASCII without spaces, 1 to 4096 bytes", id)
	}
	for _, key := range []string{"folder/other", "folder/file%20name.txt", "folder/file+name.txt", "folder/file name.txt#", "folder/file"} {
		other, err := fx.file(key)
		if err != nil {
			continue // the storage can't have this key
		}
		if got, ok := downloadview.IdentityOf(other); !ok || got == id {
			p.addf("identities of %q and %q are %q and %q, %t, want two different ones", f.Name(), key, id, got, ok)
		}
	}
	for range 2 {
		if f, err = fx.put(plainKey, bytesOf(1, 1000)); err != nil {
			return err
		}
		if got, ok := downloadview.IdentityOf(f); !ok || got != id {
			p.addf("identity after Put is %q, %t, want it unchanged, %q", got, ok, id)
		}
	}
	if pinner, ok := downloadview.Find[downloadview.Pinner](f); ok {
		if got, ok := downloadview.IdentityOf(pinner.Pin(`"v1"`)); ok && got == id {
			p.addf("identity of a pinned file is %q, the same as that of the file that is not pinned", got)
		}
	}
	return p.err()
}
