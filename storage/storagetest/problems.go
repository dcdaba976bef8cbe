package storagetest

import (
	"errors"
	"fmt"
)

// problems collects the errors of a check.
type problems []error

func (p *problems) addf(format string, args ...any) {
	*p = append(*p, fmt.Errorf(format, args...))
}

// in adds err, if it isn't nil, and puts what before it.
func (p *problems) in(what string, err error) {
	if err != nil {
		p.addf("%s: %w", what, err)
	}
}

func (p problems) err() error { return errors.Join(p...) }
