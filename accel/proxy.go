package accel

import (
	"errors"
	"fmt"
	"net/textproto"

	"github.com/downloadview/downloadview"
)

// A Proxy says how one kind of server is told to send a file. [Nginx] returns one,
// and the functions for other servers do.
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
	// rule, by [New] and [Accelerator.Swap].
	Destination func(destination string) (string, error)

	// Encode returns Field's value for a file: rest, which is what follows the
	// source of a rule in the source of the file, encoded behind destination.
	// rest is unescaped; it is not empty, has no empty or dot segments and no
	// NUL. Any other byte may be in it. False means that the field can't carry
	// this one, which is then streamed.
	Encode func(destination, rest string) (value string, ok bool)

	// Terms say what the proxy does with the rest of the answer. Its Tag is for
	// local files. Its Private fields are those that would stay on the proxy's
	// error pages; they are sent so by rules with [PassAll].
	Terms downloadview.Terms

	// URLField is the canonical name of the field by which the proxy is told a
	// signed URL to fetch, beside a Field that holds a rule's destination alone;
	// "" where it can't be.
	URLField string
}

func (p *Proxy) check() error {
	switch {
	case p.Name == "":
		return errors.New("the proxy has no Name; accel.Nginx() is a complete one")
	case !isCanonical(p.Field):
		return fmt.Errorf("%s: header field %q is not in canonical form, such as %q", p.Name, p.Field, "X-Accel-Redirect")
	case p.URLField != "" && !isCanonical(p.URLField):
		return fmt.Errorf("%s: header field %q is not in canonical form, such as %q", p.Name, p.URLField, urlField)
	case p.Destination == nil:
		return fmt.Errorf("%s: the proxy has no Destination function", p.Name)
	case p.Encode == nil:
		return fmt.Errorf("%s: the proxy has no Encode function", p.Name)
	}
	return nil
}

func isCanonical(field string) bool {
	return field != "" && field == textproto.CanonicalMIMEHeaderKey(field)
}

// The fields that go with a signed URL.
const (
	urlField = "X-Download-Url"
	keyField = "X-Download-Key"
)

// private returns the fields under their private names.
func private(names ...string) []downloadview.PrivateField {
	fields := make([]downloadview.PrivateField, len(names))
	for i, name := range names {
		fields[i] = downloadview.PrivateField{Name: name, As: "X-Download-" + name}
	}
	return fields
}
