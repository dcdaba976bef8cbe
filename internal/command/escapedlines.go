package command

import (
	"io"

	"github.com/downloadview/downloadview/internal/printable"
)

// escapedLines writes lines of JSON to w. What is in their strings and isn't
// printable, such as what turns the direction of text, is escaped: it would
// steer the terminal that shows the log.
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
