package bucket

import "errors"

// errCircle is the error of a listing that would never end.
var errCircle = errors.New("the listing has no end: the store returned the same page again")

// Pages detects a listing that returns the same pages again and again. The zero
// value is for a new listing.
type Pages struct {
	saved string
	since int // pages after saved
	until int // number of pages after which another mark is saved
}

// Next returns an error if the next page has the same mark as an earlier one,
// that is, the same token or the same first entry. It stores only one mark, so
// it may take up to three rounds to detect the loop.
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
