package accel

import (
	"errors"
	"fmt"
	"net/textproto"

	"github.com/downloadview/downloadview"
)

// A Proxy says how one kind of server is told to send a file. [Nginx] is one.
//
// Its functions do no I/O and are called by several goroutines.
type Proxy struct {
	// Name is what messages call it, such as "nginx".
	Name string

	// Field is the canonical name of the header field that hands a file over,
	// such as "X-Accel-Redirect".
	Field string

	// Destination checks the Destination of a rule and returns the form that
	// Encode gets: encoded, and ending in a slash. It is called once for each
	// rule, by [New].
	Destination func(destination string) (string, error)

	// Encode returns Field's value for a file: rest, which is what follows the
	// source of a rule in the source of the file, encoded behind destination.
	// rest is unescaped; it is not empty, has no empty or dot segments and no
	// NUL. Any other byte may be in it. False means that the field can't carry
	// this one, which is then streamed.
	Encode func(destination, rest string) (value string, ok bool)

	// Tag is the kind of entity tag that the proxy gives a local file.
	Tag downloadview.TagStyle

	// Validators says whose entity tag and date decide after the hand-over.
	Validators downloadview.Validators
}

func (p Proxy) check() error {
	switch {
	case p.Name == "":
		return errors.New("accel: the proxy has no Name; accel.Nginx() is a complete one")
	case p.Field == "" || p.Field != textproto.CanonicalMIMEHeaderKey(p.Field):
		return fmt.Errorf("accel: %s: header field %q is not in canonical form, such as %q", p.Name, p.Field, "X-Accel-Redirect")
	case p.Destination == nil:
		return fmt.Errorf("accel: %s: the proxy has no Destination function", p.Name)
	case p.Encode == nil:
		return fmt.Errorf("accel: %s: the proxy has no Encode function", p.Name)
	}
	return nil
}
