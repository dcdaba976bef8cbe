package downloadview

import (
	"errors"
	"io"
	"reflect"
)

// AsCause returns err as the cause of another error: with its text, but without
// its meaning. A storage wraps it beside what it has to say of the file:
//
//	fmt.Errorf("%w: %w", downloadview.ErrUpstream, downloadview.AsCause(err))
//
// An error that comes from below a storage, such as that of a network or of
// credentials, may wrap errors that mean something here and are about something
// else. A token file that is missing is [io/fs.ErrNotExist], and a socket
// without permission is [io/fs.ErrPermission]; neither says anything of the file
// that is asked for. So [errors.Is] finds nothing in the result but
// [io.ErrUnexpectedEOF], the early end of a body.
//
// [errors.As] still finds what err wraps, such as an SDK's own error, for
// programs that ask for it by its type. It does not find a [*StatusError], nor
// an error by its method StatusCode, since the status is not the cause's to
// choose.
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
