package accel

import "fmt"

// A RuleError says what is wrong with one rule. [New], [Accelerator.Swap] and
// [Accelerator.To] return it, so that a program can add where the rule comes from,
// such as a file and a line.
type RuleError struct {
	// Index is the rule's index in the list that was given; 0 is the first.
	Index int

	// Rule is the Name of the rule, or its Source where it has no Name. It is "" for
	// the rule of [Accelerator.To].
	Rule string

	// Field is the field of [Rule] that is wrong, such as "Destination"; "" means
	// the path that was given to [Accelerator.To].
	Field string

	// Err names the field's value and says what is wrong with it and what would be
	// right.
	Err error
}

// Error returns the name of the rule and the text of Err.
func (e *RuleError) Error() string {
	if e.Rule == "" {
		return fmt.Sprintf("accel: %v", e.Err)
	}
	return fmt.Sprintf("accel: rule %q: %v", e.Rule, e.Err)
}

// Unwrap returns Err.
func (e *RuleError) Unwrap() error { return e.Err }

// wrong returns an error about a field of a rule. [Accelerator.Swap] fills in Index
// and Rule.
func wrong(field, format string, args ...any) *RuleError {
	return &RuleError{Field: field, Err: fmt.Errorf(format, args...)}
}
