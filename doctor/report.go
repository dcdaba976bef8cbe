package doctor

import (
	"encoding"
	"fmt"
	"io"
	"strings"

	"github.com/downloadview/downloadview/internal/printable"
)

// A Step is a part of the set-up, or of the checks on it.
type Step string

// The steps, in the order of the checks.
const (
	StorageStep  Step = "storage"
	AppStep      Step = "application" // against the storage
	ProxyStep    Step = "proxy"       // against the storage
	TierStep     Step = "tier"        // the cache nodes behind the proxy, if there are any
	TogetherStep Step = "together"
)

// A Result is the result of a check.
type Result int

const (
	OK Result = iota
	Failed
	Warning       // it works, but could be faster or safer
	NotApplicable // the check doesn't apply to this set-up, or can't be made from here
)

var results = [...]string{"ok", "failed", "warning", "not applicable"}

// String returns "ok", "failed", "warning" or "not applicable".
func (r Result) String() string {
	if r < 0 || int(r) >= len(results) {
		return fmt.Sprintf("result %d", int(r))
	}
	return results[r]
}

// MarshalText returns the text of String.
func (r Result) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText parses the text of MarshalText.
func (r *Result) UnmarshalText(text []byte) error {
	for i, s := range results {
		if s == string(text) {
			*r = Result(i)
			return nil
		}
	}
	return fmt.Errorf("result %q is not known; want one of %s", text, strings.Join(results[:], ", "))
}

// A Check is one question and its answer.
type Check struct {
	Step   Step   `json:"step"`
	Name   string `json:"name"` // such as "proxy-range"; names don't change
	Result Result `json:"result"`

	// Detail is the observation, or the reason why the check is not applicable.
	Detail string `json:"detail,omitempty"`

	// Cause says what is wrong, and Change which directive or setting corrects it.
	// If several causes look the same from outside, Cause and Change list them all.
	Cause  string `json:"cause,omitempty"`
	Change string `json:"change,omitempty"`
}

// A Report is the result of [Run]. It has no secrets in it: signed URLs are cut at
// their question mark.
type Report struct {
	Site   string  `json:"site"`
	Checks []Check `json:"checks"`
}

// OK reports whether no check has failed. Warnings don't count as failures.
func (r Report) OK() bool {
	for _, c := range r.Checks {
		if c.Result == Failed {
			return false
		}
	}
	return true
}

// WriteText writes the report as text for people: a line for each check, and a line
// each for its Cause and Change. Characters that are not printable are escaped.
// Consecutive checks that are not applicable for the same reason share a line.
func (r Report) WriteText(w io.Writer) error {
	var b strings.Builder
	var step Step
	for i := 0; i < len(r.Checks); i++ {
		c := r.Checks[i]
		for ; i+1 < len(r.Checks) && alike(c, r.Checks[i+1]); i++ {
			c.Name += ", " + r.Checks[i+1].Name
		}
		if c.Step != step {
			step = c.Step
			fmt.Fprintf(&b, "%s\n", printable.Text(string(step)))
		}
		fmt.Fprintf(&b, "  %-14s  %s", c.Result, printable.Text(c.Name))
		if c.Detail != "" {
			fmt.Fprintf(&b, ": %s", printable.Text(c.Detail))
		}
		b.WriteByte('\n')
		if c.Cause != "" {
			fmt.Fprintf(&b, "    cause:  %s\n", printable.Text(c.Cause))
		}
		if c.Change != "" {
			fmt.Fprintf(&b, "    change: %s\n", printable.Text(c.Change))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// alike tells whether two checks are not applicable for the same reason.
func alike(a, b Check) bool {
	return a.Step == b.Step && a.Result == NotApplicable && b.Result == NotApplicable && a.Detail == b.Detail
}

var (
	_ encoding.TextMarshaler   = Result(0)
	_ encoding.TextUnmarshaler = (*Result)(nil)
)
