package command

import (
	"reflect"

	"github.com/alecthomas/kong"
)

// checkEmpty refuses flags that are given without a value, as by an unset
// variable in a script: it would be taken for the default, and the default of a
// limit is none.
func checkEmpty(line *kong.Context) error {
	for _, p := range line.Path {
		if p.Flag == nil {
			continue
		}
		switch t := p.Flag.Target; t.Kind() {
		case reflect.String, reflect.Slice:
			if t.Len() == 0 {
				return usageErrorf("--%s is empty; want %s, or the flag left out", p.Flag.Name, p.Flag.FormatPlaceHolder())
			}
		}
	}
	return nil
}
