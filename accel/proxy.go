package accel

import (
	"errors"
	"fmt"
	"net/textproto"

	"github.com/downloadview/downloadview"
)

// A Proxy describes one kind of server: how the application tells it to send a file.
// [Nginx] and the functions for other servers return one.
//
// Its functions do no I/O and may be called by several goroutines at the same time.
type Proxy struct {
	// Name is the name of the proxy in messages, such as "nginx".
	Name string

	// Field is the canonical name of the header field that hands a file over,
	// such as "X-Accel-Redirect".
	Field string

	// Destination checks the Destination of a rule and returns it in the form that
	// Encode gets: encoded, and with a slash at its end. It is called once for each
	// rule, by [New] and [Accelerator.Swap], and by each [Accelerator.To].
	Destination func(destination string) (string, error)

	// Encode returns the value of Field for a file: destination, followed by rest,
	// encoded. rest is the part of the file's source after the source of the rule.
	// It is not percent-encoded, is not empty, and has no empty or dot segments and
	// no NUL; any other byte may be in it. If ok is false, the field can't carry
	// this name, and the file is streamed.
	Encode func(destination, rest string) (value string, ok bool)

	// Terms say what the proxy does with the rest of the answer. Terms.Tag is used
	// for local files only. Terms.Private lists the fields that would stay on the
	// proxy's error pages; rules with [PassAll] send them under private names.
	Terms downloadview.Terms

	// URLField is the canonical name of the field with the signed URL that the
	// proxy fetches; Field then holds only the rule's destination. "" means that
	// the proxy can't fetch signed URLs.
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

// contentEncoding is the CodingField of proxies that pass the field on.
const contentEncoding = "Content-Encoding"

// private returns the fields under their private names.
func private(names ...string) []downloadview.PrivateField {
	fields := make([]downloadview.PrivateField, len(names))
	for i, name := range names {
		fields[i] = downloadview.PrivateField{Name: name, As: "X-Download-" + name}
	}
	return fields
}
