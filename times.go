package downloadview

import (
	"context"
	"time"
)

// Times are moments in the life of a file. A zero time is not known.
type Times struct {
	Created  time.Time // when the file came to be; one that is replaced may begin anew
	Modified time.Time // last change of its bytes, as [AttributesOf] has it
	Accessed time.Time // last read, as coarse as the system keeps it
}

// A Timed is a Storage that knows more of a file's times than when it was
// modified.
type Timed interface {
	Storage

	// Times returns what is known of the file under key. Where that is neither
	// Created nor Accessed the error is [errors.ErrUnsupported]; the rest are
	// those of opening the file.
	Times(ctx context.Context, key string) (Times, error)
}

// TimesOf returns the times of the file under key in s, as [Timed] says. Where
// s is not Timed the error is [errors.ErrUnsupported]; when the file was
// modified can be had from [Stat] always.
func TimesOf(ctx context.Context, s Storage, key string) (Times, error) {
	if t, ok := s.(Timed); ok {
		return t.Times(ctx, key)
	}
	return Times{}, cannot(s, "tell when a file was created or read")
}
