package command

import (
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/alecthomas/kong"
)

// flagValues reads the flags whose types are not of this package. Unlike those of package
// kong, its errors say what would be right.
func flagValues() []kong.Option {
	return []kong.Option{
		flagValue("a duration such as 30s, 5m or 24h", time.ParseDuration),
		flagValue("a time such as 2027-01-01T00:00:00Z", func(s string) (time.Time, error) { return time.Parse(time.RFC3339, s) }),
		flagValue("a whole number", strconv.Atoi),
		kong.KindMapper(reflect.String, kong.MapperFunc(readString)),
	}
}

// readString reads a string as it is: names of files need not be UTF-8. Package kong would make
// each other byte U+FFFD.
func readString(c *kong.DecodeContext, target reflect.Value) error {
	t, err := c.Scan.PopValue("string")
	if err != nil {
		return err
	}
	target.SetString(fmt.Sprint(t.Value))
	return nil
}

func flagValue[T any](want string, read func(string) (T, error)) kong.Option {
	return kong.TypeMapper(reflect.TypeFor[T](), kong.MapperFunc(func(c *kong.DecodeContext, target reflect.Value) error {
		var s string
		if err := c.Scan.PopValueInto("value", &s); err != nil {
			return err
		}
		v, err := read(s)
		if err != nil {
			return fmt.Errorf("%q; want %s", s, want)
		}
		target.Set(reflect.ValueOf(v))
		return nil
	}))
}
