package command

import (
	"io"

	"github.com/downloadview/downloadview/internal/printable"
)

// escapedLines writes lines of JSON to w. It escapes characters in strings that aren't
// printable, such as those that reverse the direction of text: they would control the
// terminal that shows the log.
type escapedLines struct{ w io.Writer }

func (p escapedLines) Write(line []byte) (int, error) {
	n := len(line)
	for _, c := range line {
		if c >= 0x7f {
			line = printable.JSON(line)
			break
		}
	}
	if _, err := p.w.Write(line); err != nil {
		return 0, err
	}
	return n, nil
}
