package downloadview

import (
	"errors"
	"io"
	"reflect"
)

// AsCause returns err as the cause of another error: with its text, but without
// its meaning. A storage wraps it together with an error about the file:
//
//	fmt.Errorf("%w: %w", downloadview.ErrUpstream, downloadview.AsCause(err))
//
// An error of a network, of credentials or of an SDK may wrap errors that have
// a meaning in this package, but not about the requested file. For example, a
// missing token file is [io/fs.ErrNotExist], and a socket without permission
// is [io/fs.ErrPermission]. So the only error that [errors.Is] finds in the result
// is [io.ErrUnexpectedEOF], the early end of a body.
//
// [errors.As] still finds the types that err wraps, such as an SDK's own error.
// It does not find a [*StatusError], nor an error by an interface with a method
// StatusCode, since a cause must not choose the status of the answer.
//
// AsCause(nil) is nil.
func AsCause(err error) error {
	if err == nil {
		return nil
	}
	return &causeError{err}
}

// A causeError has no Unwrap method, so that errors.Is doesn't look inside.
type causeError struct{ err error }

func (e *causeError) Error() string { return e.err.Error() }

func (e *causeError) Is(target error) bool {
	return target == io.ErrUnexpectedEOF && errors.Is(e.err, target)
}

func (e *causeError) As(target any) bool {
	wanted := reflect.TypeOf(target).Elem()
	if wanted == reflect.TypeFor[*StatusError]() {
		return false
	}
	if _, choosesStatus := wanted.MethodByName("StatusCode"); choosesStatus && wanted.Kind() == reflect.Interface {
		return false
	}
	return errors.As(e.err, target)
}
