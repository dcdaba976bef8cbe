package storagetest

import (
	"errors"
	"fmt"
)

// problems collects what a check found.
type problems []error

func (p *problems) addf(format string, args ...any) {
	*p = append(*p, fmt.Errorf(format, args...))
}

// in adds those of err that are about what.
func (p *problems) in(what string, err error) {
	if err != nil {
		p.addf("%s: %w", what, err)
	}
}

func (p problems) err() error { return errors.Join(p...) }
