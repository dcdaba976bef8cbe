package downloadview

// WithSource returns f with src as the place where a proxy finds its bytes,
// such as a file that another process writes to disk. The caller guarantees
// that the bytes are there: if a rule covers src, the proxy sends what it
// finds, and f is not opened. In everything else the result is like f.
func WithSource(f File, src Source) File { return sourced{f, src} }

type sourced struct {
	File
	source Source
}

func (f sourced) Source() (Source, bool) { return f.source, true }
func (f sourced) Unwrap() File           { return f.File }

var _ Sourcer = sourced{}
