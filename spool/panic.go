package spool

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
)

// recoverInto makes a panic of a producer an error: in this goroutine it would end
// the program.
func recoverInto(err *error) {
	switch p := recover(); p {
	case nil:
	case http.ErrAbortHandler:
		*err = http.ErrAbortHandler
	default:
		*err = &panicError{p, debug.Stack()}
	}
}

// A panicError is a panic of code that makes content. It says nothing about the
// file, even if the value is an error.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// LogValue adds the stack, which is only for the log.
func (e *panicError) LogValue() slog.Value {
	return slog.StringValue(fmt.Sprintf("%v\n%s", e, e.stack))
}

var _ slog.LogValuer = (*panicError)(nil)
