package downloadview

// An Identifier is a File that tells which of all objects of all stores it is.
// Where bytes or URLs of a file are kept for others, they are kept by this.
type Identifier interface {
	// Identity returns a name that no other object has, be it of another store,
	// account or bucket, and that is the same in every process and at any time.
	// A file that is pinned to a version has another one than the file that
	// isn't. It holds nothing secret, is at most 4 KiB of printable ASCII without
	// spaces, and costs no I/O. False means that none is known, and nothing is
	// kept.
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
