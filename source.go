package downloadview

// A Source says where the bytes of a file live. Path is unescaped and is used
// as it is: nothing in it is cleaned, because "a//b" and "a/../b" are legal and
// distinct object keys.
//
// For a local file, Scheme is "file", Host is empty, and Path is absolute with
// slashes: "/srv/a b.pdf", or "/C:/x" on Windows. For everything else, Path is
// what follows the slash after Host: the key of an object in the bucket Host,
// or the rest of an HTTP URL.
type Source struct {
	Scheme string
	Host   string
	Path   string
}

// String returns the source as people write it, unescaped: "/srv/a b.pdf" for
// a local file, else "s3://bucket/key". It is for logs and messages, not for
// parsing.
func (s Source) String() string {
	if s.Scheme == "file" && s.Host == "" {
		return s.Path
	}
	return s.Scheme + "://" + s.Host + "/" + s.Path
}

// A Sourcer is a File that knows where its bytes live. Source does no I/O.
// False means that no proxy could find the bytes; files inside this one are
// then not asked.
type Sourcer interface {
	Source() (Source, bool)
}

// SourceOf returns the source of the first Sourcer found by following Unwrap
// from f, and whether there is one.
func SourceOf(f File) (Source, bool) {
	s, ok := sourcer(f)
	if !ok {
		return Source{}, false
	}
	return s.Source()
}

// sourcer is Find[Sourcer], and faster if f itself is one.
func sourcer(f File) (Sourcer, bool) {
	if s, ok := f.(Sourcer); ok {
		return s, true
	}
	return Find[Sourcer](f)
}
