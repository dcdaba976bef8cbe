package bucket

import "errors"

// errCircle is the error of a listing that would never end.
var errCircle = errors.New("the listing goes round in circles: the store gives a continuation that it has given before")

// Pages finds a listing that goes round in circles. The zero value is for a
// listing that begins.
type Pages struct {
	saved string
	since int // pages after saved
	until int // so many pages after it another is saved
}

// Next returns an error if the next page begins, or goes on, with mark as one
// before did. It keeps one mark, so that it may take up to three rounds to find
// out.
func (p *Pages) Next(mark string) error {
	if p.until > 0 && mark == p.saved {
		return errCircle
	}
	p.since++
	if p.since >= p.until {
		p.saved, p.since, p.until = mark, 0, max(1, 2*p.until)
	}
	return nil
}
