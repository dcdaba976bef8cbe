package gocloud

import (
	"context"
	"io"
	"io/fs"
	"iter"

	"gocloud.dev/blob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

// List lists a folder, as [downloadview.Lister] says. A folder is a common
// prefix of keys that ends in a slash. A folder whose name would be empty, as
// between the slashes of "a//b", is left out. If the store returns the same
// page again and again, that is an error.
func (s *Storage) List(ctx context.Context, folder string) iter.Seq2[fs.FileInfo, error] {
	prefix, err := bucket.Prefix(folder)
	if err == nil && s.wrong != nil {
		err = bucket.Refused("list", folder, s.wrong)
	}
	if err != nil {
		return func(yield func(fs.FileInfo, error) bool) { yield(nil, err) }
	}
	if s.onDisk {
		return bucket.Folder(prefix, s.localEntries(ctx, folder, prefix))
	}
	return bucket.Folder(prefix, s.entries(ctx, folder, prefix))
}

func (s *Storage) localEntries(ctx context.Context, folder, prefix string) iter.Seq2[bucket.Entry, error] {
	return func(yield func(bucket.Entry, error) bool) {
		err := ctx.Err()
		var entries []bucket.Entry
		if err == nil {
			entries, err = s.folder.entries(ctx, prefix)
		}
		if err != nil {
			yield(bucket.Entry{}, s.localFailure(ctx, "list", folder, err))
			return
		}
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (s *Storage) entries(ctx context.Context, folder, prefix string) iter.Seq2[bucket.Entry, error] {
	return func(yield func(bucket.Entry, error) bool) {
		asking, fruitless := bucket.NewFruitless(ctx)
		defer fruitless.Stop()
		p := &pages{fruitless: fruitless}
		objects := s.bucket.List(&blob.ListOptions{Prefix: prefix, Delimiter: "/", BeforeList: p.begin})
		for {
			// Drivers without a network ignore the context.
			err := asking.Err()
			var o *blob.ListObject
			if err == nil {
				o, err = objects.Next(asking)
			}
			if err == nil {
				err = p.object(o.Key)
			}
			if err == io.EOF {
				return
			}
			if err = fruitless.Err(asking, err); err != nil {
				yield(bucket.Entry{}, s.failure(ctx, "list", folder, err))
				return
			}
			e := bucket.Entry{Key: o.Key, IsDir: o.IsDir}
			if !o.IsDir {
				e.Attributes = downloadview.Attributes{Size: o.Size, ModTime: o.ModTime}
			}
			if !yield(e, nil) {
				return
			}
		}
	}
}

// pages detects a listing that returns the same pages again and again. The Go
// CDK doesn't reveal the tokens of pages. But a listing has each object once,
// so if two pages begin with the same object, they are the same page.
type pages struct {
	circle    bucket.Pages
	fruitless *bucket.Fruitless
	first     bool // the next object is the first of its page
}

// begin is called before each page.
func (p *pages) begin(func(any) bool) error {
	p.first = true
	p.fruitless.Request()
	return nil
}

// object is called with each object.
func (p *pages) object(key string) error {
	if !p.first {
		return nil
	}
	p.first = false
	p.fruitless.Fruit()
	return p.circle.Next(key)
}
