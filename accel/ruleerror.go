package accel

import "fmt"

// A RuleError says what is wrong with one rule. [New],
// [Accelerator.Swap] and [Accelerator.To] return it, so that a program can say in its
// own words where the rule comes from.
type RuleError struct {
	// Index is the rule's place among those that were given, from 0.
	Index int

	// Rule is the Name of the rule, or its Source where it has no Name. It is "" for
	// the rule of [Accelerator.To].
	Rule string

	// Field is the field of [Rule] that is wrong, such as "Destination"; "" is the
	// path that [Accelerator.To] was given.
	Field string

	// Err says what is wrong with the field's value, which it names, and what would
	// be right.
	Err error
}

// Error returns the name of the rule, and Err.
func (e *RuleError) Error() string {
	if e.Rule == "" {
		return fmt.Sprintf("accel: %v", e.Err)
	}
	return fmt.Sprintf("accel: rule %q: %v", e.Rule, e.Err)
}

// Unwrap returns Err.
func (e *RuleError) Unwrap() error { return e.Err }

// wrong returns an error of a rule's field. Where the rule is added, its Index and
// its name are filled in.
func wrong(field, format string, args ...any) *RuleError {
	return &RuleError{Field: field, Err: fmt.Errorf(format, args...)}
}
