package command

import "strconv"

// A byteCount is a size on the page.
type byteCount int64

// Number returns the size in bytes, for the attribute "value".
func (n byteCount) Number() int64 { return int64(n) }

// Exact returns the size with its digits in groups: "1,234,567 bytes".
func (n byteCount) Exact() string {
	if n == 1 {
		return "1 byte"
	}
	return grouped(n) + " bytes"
}

// grouped writes a number with its digits in groups: "1,234,567".
func grouped[T ~int | ~int64](n T) string {
	digits := strconv.FormatInt(int64(n), 10)
	var b []byte
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b = append(b, ',')
		}
		b = append(b, digits[i])
	}
	return string(b)
}

// Short returns the size in decimal units with two or three digits: "1.2 MB".
func (n byteCount) Short() string {
	if n < 1000 {
		return strconv.FormatInt(int64(n), 10) + " B"
	}
	// In tenths, rounded down at each step, so that 999,999 is not "1000 kB".
	tenths := int64(n) / 100
	units := "kMGTPE"
	for tenths >= 10_000 && len(units) > 1 {
		tenths /= 1000
		units = units[1:]
	}
	number := strconv.FormatInt(tenths/10, 10)
	if tenths < 1000 {
		number += "." + strconv.FormatInt(tenths%10, 10)
	}
	return number + " " + units[:1] + "B"
}
