package downloadview

// An Identifier is a File with a name that is unique among all objects of all
// stores. Caches of bytes and of URLs use that name as their key.
type Identifier interface {
	// Identity returns a name that no other object has, in whatever store, account
	// or bucket, and that is the same in every process and at any time. A file that
	// is pinned to a version has another identity than the file without a pin. The
	// name contains no secret, is at most 4 KiB of printable ASCII without spaces,
	// and costs no I/O. False means that no identity is known; then nothing is
	// cached.
	Identity() (id string, ok bool)
}

// IdentityOf returns the identity of the first Identifier found by following
// Unwrap from f, and whether there is one.
func IdentityOf(f File) (string, bool) {
	i, ok := Find[Identifier](f)
	if !ok {
		return "", false
	}
	return i.Identity()
}
