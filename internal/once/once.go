// Package once names changes that are made once, also by those who try them again because
// an answer was lost.
package once

import (
	"context"
	"crypto/rand"
)

type key struct{}

// In returns a context with a new name, for all tries of one change.
func In(ctx context.Context) context.Context { return context.WithValue(ctx, key{}, rand.Text()) }

// Name returns the name in ctx. If there is none, it is a new one.
func Name(ctx context.Context) string {
	if name, ok := ctx.Value(key{}).(string); ok {
		return name
	}
	return rand.Text()
}
