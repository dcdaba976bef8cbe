package spool

import (
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// An origin is where content comes from: a file that makes it, or a second store.
type origin struct {
	handle     fs.File
	attributes downloadview.Attributes
	name       string
	made       time.Time // when it was complete; zero: when it will be
	sha256     []byte    // that the content must have; nil: not known
}

func (m *making) fromFile() (o origin, err error) {
	defer recoverInto(&err)
	h, err := wrapper.Open(m.ctx, m.file)
	if err != nil {
		return origin{}, m.causeOf(err)
	}
	fi, err := wrapper.Stat(h)
	if err == nil && fi.Mode()&fs.ModeType != 0 {
		err = fmt.Errorf("%q is no regular file (%v): %w", fi.Name(), fi.Mode(), fs.ErrNotExist)
	}
	if err != nil {
		h.Close()
		return origin{}, err
	}
	a := downloadview.AttributesOf(fi)
	if a.ETag = a.StrongETag(); a.ETag == "" {
		// Made again, the content may have other bytes, such as those of a time
		// stamp. So the tag is that of this making.
		a.ETag = `"` + rand.Text() + `"`
	}
	a.SoFar, a.ReprDigest, a.UnencodedDigest, a.Metadata = 0, "", "", nil
	return origin{handle: h, attributes: a, name: m.file.Name()}, nil
}

// causeOf returns err, or why the making was ended.
func (m *making) causeOf(err error) error {
	if cause := context.Cause(m.ctx); err != nil && cause != nil {
		return cause
	}
	return err
}
