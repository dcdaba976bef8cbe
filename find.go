package downloadview

// Find returns the first T among f and the files inside it, and whether there
// is one. It follows a method Unwrap() File from f inwards and stops at the
// first file without that method. T is what a file may offer, such as
// [RangeFile] or an interface of one's own. A nil f offers nothing. Find does
// no I/O.
//
// The package functions, such as [Stat] and [OpenRange], use it. It is for
// wrappers that offer only what the file inside them offers.
func Find[T any](f File) (T, bool) {
	for f != nil {
		if c, ok := f.(T); ok {
			return c, true
		}
		u, ok := f.(interface{ Unwrap() File })
		if !ok {
			break
		}
		f = u.Unwrap()
	}
	var none T
	return none, false
}
