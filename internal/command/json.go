package command

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/downloadview/downloadview/internal/printable"
)

// writeJSON writes v as JSON, in which characters that could control a terminal are
// escaped.
func writeJSON(w io.Writer, v any, indent string) error {
	var b bytes.Buffer
	out := json.NewEncoder(&b)
	out.SetEscapeHTML(false)
	out.SetIndent("", indent)
	if err := out.Encode(v); err != nil {
		return err
	}
	_, err := w.Write(printable.JSON(b.Bytes()))
	return err
}
