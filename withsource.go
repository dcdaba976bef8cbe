package downloadview

// WithSource returns f with src as the place where a proxy finds its bytes, such
// as a file that another process writes to disk once it is made. Whoever says so
// vouches for it: where a rule covers src the proxy sends what is there, and f
// is not opened. In all else the result is f.
func WithSource(f File, src Source) File { return sourced{f, src} }

type sourced struct {
	File
	source Source
}

func (f sourced) Source() (Source, bool) { return f.source, true }
func (f sourced) Unwrap() File           { return f.File }

var _ Sourcer = sourced{}
