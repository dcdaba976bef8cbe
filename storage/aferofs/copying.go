package aferofs

import (
	"context"
	"reflect"
	"sync"

	"github.com/spf13/afero"
)

// turns lets the requests that open one file take turns. The zero value is ready
// for use.
type turns struct {
	mu     sync.Mutex
	byName map[string]*turn
}

type turn struct {
	taken chan struct{} // has room for one
	users int           // those who have it or wait for it
}

// take waits until nobody else has the turn of name, or ctx has ended. The caller
// calls done if there is no error.
func (t *turns) take(ctx context.Context, name string) (done func(), err error) {
	t.mu.Lock()
	if t.byName == nil {
		t.byName = make(map[string]*turn)
	}
	mine := t.byName[name]
	if mine == nil {
		mine = &turn{taken: make(chan struct{}, 1)}
		t.byName[name] = mine
	}
	mine.users++
	t.mu.Unlock()
	select {
	case mine.taken <- struct{}{}:
		return func() {
			<-mine.taken
			t.leave(name, mine)
		}, nil
	case <-ctx.Done():
		t.leave(name, mine)
		return nil, ctx.Err()
	}
}

func (t *turns) leave(name string, mine *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if mine.users--; mine.users == 0 {
		delete(t.byName, name)
	}
}

// copiesOnOpen reports whether fsys is an [afero.CacheOnReadFs], or another Fs of
// package afero around one. Its Open copies the file, and meanwhile others see
// the part that is there as the file.
func copiesOnOpen(fsys afero.Fs) bool { return hasCache(reflect.ValueOf(fsys)) }

func hasCache(v reflect.Value) bool {
	cache := reflect.TypeFor[afero.CacheOnReadFs]()
	for v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if !v.IsValid() || v.Kind() != reflect.Struct || v.Type().PkgPath() != cache.PkgPath() {
		return false
	}
	if v.Type() == cache {
		return true
	}
	inner := reflect.TypeFor[afero.Fs]()
	for i := range v.NumField() {
		if f := v.Field(i); f.Type() == inner && hasCache(f) {
			return true
		}
	}
	return false
}
