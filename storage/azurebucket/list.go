package azurebucket

import (
	"context"
	"io/fs"
	"iter"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

// List lists a folder, as [downloadview.Lister] says, with one request per five
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

// entries yields the container's entries below prefix in the order of keys,
// without the storage's own prefix.
func (s *Storage) entries(ctx context.Context, folder, prefix string) iter.Seq2[bucket.Entry, error] {
	return func(yield func(bucket.Entry, error) bool) {
		pages := s.client.NewListBlobsHierarchyPager("/", &container.ListBlobsHierarchyOptions{
			Prefix:  to.Ptr(s.o.Prefix + prefix),
			Include: container.ListBlobsInclude{Metadata: true}, // marks folders
		})
		var circle bucket.Pages
		for pages.More() {
			page, err := pages.NextPage(ctx)
			if next := value(page.NextMarker); err == nil && next != "" {
				err = circle.Next(next)
			}
			if err != nil {
				yield(bucket.Entry{}, s.failure(ctx, "list", folder, err))
				return
			}
			for e := range entriesOf(page.Segment) {
				e.Key = strings.TrimPrefix(e.Key, s.o.Prefix)
				if strings.ContainsFunc(e.Key, forbidden) {
					continue
				}
				if !yield(e, nil) {
					return
				}
			}
		}
	}
}

// entriesOf merges the blobs and the folders of a page, each of which are
// sorted.
func entriesOf(page *container.BlobHierarchyListSegment) iter.Seq[bucket.Entry] {
	return func(yield func(bucket.Entry) bool) {
		if page == nil {
			return
		}
		blobs, folders := page.BlobItems, page.BlobPrefixes
		for len(blobs)+len(folders) > 0 {
			var e bucket.Entry
			if len(folders) == 0 || len(blobs) > 0 && value(blobs[0].Name) < value(folders[0].Name) {
				b := blobs[0]
				blobs = blobs[1:]
				if isFolder(b.Metadata) {
					continue
				}
				e = bucket.Entry{Key: value(b.Name), Attributes: listed(b.Properties)}
			} else {
				e = bucket.Entry{Key: value(folders[0].Name), IsDir: true}
				folders = folders[1:]
			}
			if !yield(e) {
				return
			}
		}
	}
}

var _ downloadview.Lister = (*Storage)(nil)
