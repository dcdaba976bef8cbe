package s3bucket

import "sync/atomic"

// few is how many requests the SDK makes before it is worth the time to learn how
// they look. A storage may be made for a single one.
const few = 3

// learnt is what a storage learns once of the SDK's requests of one kind.
type learnt[T any] struct {
	made  atomic.Int32
	learn func() *T // the same each time; nil: only the SDK can make the request
}

// get returns nil if the SDK should make the request.
func (l *learnt[T]) get() *T {
	if l.made.Load() < few {
		l.made.Add(1)
		return nil
	}
	return l.learn()
}
