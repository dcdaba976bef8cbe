package readahead

import "weak"

// A buffer is memory for one part.
type buffer struct{ bytes []byte }

// buffers are the unused buffers, until the garbage collector frees them. A
// sync.Pool would hide some of them from other goroutines, which then would
// allocate more buffers than the budget allows.
type buffers []weak.Pointer[buffer]

// get returns a buffer of size bytes.
func (s *buffers) get(size int64) *buffer {
	var found *buffer
	kept := (*s)[:0]
	for _, w := range *s {
		switch b := w.Value(); {
		case b == nil:
		case found == nil && int64(len(b.bytes)) == size:
			found = b
		default:
			kept = append(kept, w)
		}
	}
	*s = kept
	if found == nil {
		found = &buffer{make([]byte, size)}
	}
	return found
}

func (s *buffers) put(b *buffer) { *s = append(*s, weak.Make(b)) }
