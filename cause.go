package downloadview

import (
	"errors"
	"io"
	"reflect"
)

// AsCause returns err as the cause of another error: it keeps the text of err
// and removes its meaning. A storage wraps it beside its own error about the
// file:
//
//	fmt.Errorf("%w: %w", downloadview.ErrUpstream, downloadview.AsCause(err))
//
// An error from below a storage, such as one of a network or of credentials,
// may wrap errors that have a meaning here but are about something else. A
// missing token file is [io/fs.ErrNotExist], and a socket without permission is
// [io/fs.ErrPermission]; neither is a statement about the requested file. So
// [errors.Is] finds nothing in the result except [io.ErrUnexpectedEOF], the
// early end of a body.
//
// [errors.As] still finds what err wraps, such as the error type of an SDK. It
// finds neither a [*StatusError] nor an error with a method StatusCode, because
// the cause doesn't choose the status.
//
// AsCause(nil) is nil.
func AsCause(err error) error {
	if err == nil {
		return nil
	}
	return &causeError{err}
}

// A causeError has no Unwrap, so that its meaning ends here.
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
