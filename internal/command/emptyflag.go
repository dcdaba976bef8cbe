package command

import (
	"reflect"

	"github.com/alecthomas/kong"
)

// checkEmpty refuses a flag with an empty value, which an unset variable in a script
// leaves. The default would be used for it, and the default of a limit is no limit.
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
