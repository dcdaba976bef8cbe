package command

import (
	"errors"
	"fmt"

	"github.com/downloadview/downloadview/internal/config"
)

// A byteSize is a flag with a size, such as 1MB.
type byteSize int64

// UnmarshalText reads a size of at least 1 byte.
func (b *byteSize) UnmarshalText(text []byte) error {
	n, err := config.ParseSize(string(text))
	if err == nil && n == 0 {
		err = errors.New("is zero; leave the flag out for no limit")
	}
	if err != nil {
		return fmt.Errorf("%q %w", text, err)
	}
	*b = byteSize(n)
	return nil
}
