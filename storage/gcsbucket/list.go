package gcsbucket

import (
	"cmp"
	"context"
	"io/fs"
	"iter"
	"slices"
	"strings"

	"cloud.google.com/go/storage"
	"google.golang.org/api/iterator"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

// page is the maximum number of entries that Google returns at once.
const page = 1000

// List lists a folder, as [downloadview.Lister] says, with one request per
// thousand entries. If the store returns the same page again and again, that is
// an error. A folder is a common prefix of keys that ends in a slash. A folder
// whose name would be empty, as between the slashes of "a//b", is left out.
func (s *Storage) List(ctx context.Context, folder string) iter.Seq2[fs.FileInfo, error] {
	prefix, err := bucket.Prefix(folder)
	if err == nil && s.wrong != nil {
		err = bucket.Refused("list", folder, s.wrong)
	}
	if err != nil {
		return func(yield func(fs.FileInfo, error) bool) { yield(nil, err) }
	}
	return bucket.Folder(prefix, s.entries(ctx, folder, prefix))
}

// entries yields the bucket's entries below prefix in the order of keys,
// without the storage's own prefix.
func (s *Storage) entries(ctx context.Context, folder, prefix string) iter.Seq2[bucket.Entry, error] {
	query := &storage.Query{Prefix: s.o.Prefix + prefix, Delimiter: "/", Projection: storage.ProjectionNoACL}
	query.SetAttrSelection([]string{"Name", "Size", "Updated", "Generation", "ContentType", "ContentEncoding"})
	return func(yield func(bucket.Entry, error) bool) {
		asking, fruitless := bucket.NewFruitless(ctx)
		defer fruitless.Stop()
		pages := iterator.NewPager(s.handle().Objects(asking, query), page, "")
		var circle bucket.Pages
		for token := "more"; token != ""; {
			var objects []*storage.ObjectAttrs
			var err error
			if token, err = pages.NextPage(&objects); err == nil && token != "" {
				err = circle.Next(token)
			}
			fruitless.Fruit()
			if err = fruitless.Err(asking, err); err != nil {
				yield(bucket.Entry{}, failure(ctx, "list", folder, err))
				return
			}
			// In each page, objects come first, then folders.
			slices.SortFunc(objects, func(a, b *storage.ObjectAttrs) int { return cmp.Compare(listedName(a), listedName(b)) })
			for _, o := range objects {
				e := bucket.Entry{Key: strings.TrimPrefix(listedName(o), s.o.Prefix), IsDir: o.Prefix != ""}
				if !e.IsDir {
					e.Attributes = listed(o)
				}
				if strings.ContainsAny(e.Key, "\r\n") {
					continue
				}
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// listedName returns the name of an object, or the common prefix of a folder.
func listedName(o *storage.ObjectAttrs) string { return cmp.Or(o.Prefix, o.Name) }

var _ downloadview.Lister = (*Storage)(nil)
