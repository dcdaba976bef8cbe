package storagetest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
)

func checkStat(ctx context.Context, fx Fixture) error {
	var p problems
	for _, size := range []int{0, 1000} {
		f, err := fx.put(fmt.Sprintf("stat/%d", size), bytesOf(1, size))
		if err != nil {
			return err
		}
		s, ok := downloadview.Find[downloadview.StatFile](f)
		if !ok {
			continue
		}
		fi, err := s.Stat(ctx)
		switch {
		case err != nil:
			p.addf("Stat of %d bytes: %w", size, err)
		case fi == nil:
			p.addf("Stat of %d bytes returns a nil fs.FileInfo and a nil error", size)
		default:
			if fi.Size() != int64(size) {
				p.addf("Stat: size is %d, want %d", fi.Size(), size)
			}
			if fi.IsDir() || !fi.Mode().IsRegular() {
				p.addf("Stat: mode is %v, want that of a regular file", fi.Mode())
			}
			p.in("Stat", wellFormed(downloadview.AttributesOf(fi)))
		}
	}
	return p.err()
}

// wellFormed checks that the entity tag, if there is one, has the form of RFC 9110.
func wellFormed(a downloadview.Attributes) error {
	if a.ETag == "" {
		return nil
	}
	bare := downloadview.Attributes{ETag: strings.TrimPrefix(a.ETag, "W/")}
	if bare.StrongETag() == "" {
		return fmt.Errorf("entity tag is %q, want it in quotes, or empty", a.ETag)
	}
	return nil
}

// sameFacts compares two results of Stat for one version of a file. It compares times
// in whole seconds, since some services are more precise in one answer than in another.
func sameFacts(got, want downloadview.Attributes) error {
	var p problems
	if got.Size != want.Size {
		p.addf("size is %d, was %d", got.Size, want.Size)
	}
	if got.ETag != want.ETag {
		p.addf("entity tag is %q, was %q", got.ETag, want.ETag)
	}
	if g, w := got.ModTime.Truncate(time.Second), want.ModTime.Truncate(time.Second); !g.Equal(w) {
		p.addf("time is %v, was %v", g, w)
	}
	if got.ContentType != want.ContentType {
		p.addf("type is %q, was %q", got.ContentType, want.ContentType)
	}
	return p.err()
}
