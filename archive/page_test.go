package archive_test

import (
	"context"
	"iter"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
)

// The code of docs/archives.md.

func pageOrder(invoice, photo downloadview.File) (downloadview.Response, error) {
	all := archive.Of(
		archive.Entry{Name: "invoice.pdf", File: invoice},
		archive.Entry{Name: "photos/1.jpg", File: photo},
	)
	return downloadview.Response{File: archive.Zip("order.zip", all, nil)}, nil
}

type pageRow struct {
	Key, Name, ETag string
	Size            int64
}

func pageEntries(ctx context.Context, storage downloadview.Storage, rows func(context.Context) iter.Seq2[pageRow, error]) iter.Seq2[archive.Entry, error] {
	entries := func(yield func(archive.Entry, error) bool) {
		for row, err := range rows(ctx) {
			if err != nil {
				yield(archive.Entry{}, err)
				return
			}
			f, err := storage.File(row.Key)
			attributes := downloadview.Attributes{Size: row.Size, ETag: row.ETag}
			if !yield(archive.Entry{Name: row.Name, File: f, Attributes: &attributes}, err) {
				return
			}
		}
	}
	return entries
}

var (
	_ = pageOrder
	_ = pageEntries
)
