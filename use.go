package downloadview

import (
	"context"
	"fmt"
	"net/http"
	"slices"
)

// Use returns ordinary http middleware. Every handler of [NewHandler] inside
// it, and every [Send] and [SendFile], applies mw, whatever router is between.
// The first mw is the outermost. An outer Use is outside an inner one, and all
// are outside the middleware of a single view. A nil mw panics.
func Use(mw ...Middleware) func(http.Handler) http.Handler {
	for i, m := range mw {
		if m == nil {
			panic(fmt.Sprintf("downloadview: Use: middleware %d of %d is nil", i+1, len(mw)))
		}
	}
	return inherit(func(s scope) scope {
		s.middleware = slices.Concat(s.middleware, mw)
		return s
	})
}

// UseOptions is like [Use], for options: they apply to [Send], [SendFile] and
// every handler inside that was made with nil options. The innermost options
// apply.
func UseOptions(o *Options) func(http.Handler) http.Handler {
	return inherit(func(s scope) scope {
		s.options = o
		return s
	})
}

// scope is what Use and UseOptions put into the context of a request.
type scope struct {
	middleware []Middleware
	options    *Options
}

type scopeKey struct{}

func scopeOf(ctx context.Context) scope {
	s, _ := ctx.Value(scopeKey{}).(*scope)
	if s == nil {
		return scope{}
	}
	return *s
}

// around wraps v in the middleware of the scope.
func (s scope) around(v View) View {
	for _, mw := range slices.Backward(s.middleware) {
		v = mw(v)
	}
	return v
}

func inherit(change func(scope) scope) func(http.Handler) http.Handler {
	// Nearly always there is no outer scope: then one scope serves all requests.
	alone := change(scope{})
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s := &alone
			if above, ok := r.Context().Value(scopeKey{}).(*scope); ok {
				below := change(*above)
				s = &below
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), scopeKey{}, s)))
		})
	}
}
