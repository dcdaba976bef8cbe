package gocloud_test

import (
	"context"
	"fmt"
	"testing"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/gocloud"
)

// circling is a driver with this listing.
type circling struct {
	cloud
	listing *buckettest.Listing
}

func (c *circling) ListPaged(ctx context.Context, o *driver.ListOptions) (*driver.ListPage, error) {
	c.listing.Asked++
	if o.BeforeList != nil {
		if err := o.BeforeList(func(any) bool { return false }); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p := &driver.ListPage{NextPageToken: []byte(c.listing.Next[string(o.PageToken)])}
	for i := range c.listing.Entries {
		p.Objects = append(p.Objects, &driver.ListObject{Key: fmt.Sprint("key", string(o.PageToken), i)})
	}
	return p, nil
}

func newCircling(t *testing.T, l *buckettest.Listing) downloadview.Storage {
	return gocloud.New(closing(t, blob.NewBucket(&circling{listing: l})), nil)
}

func TestListingInCircles(t *testing.T) { buckettest.Circles(t, 2, 1100, newCircling, nil) }

// A listing that ends is returned completely, even with empty pages.
func TestListingOfEmptyPages(t *testing.T) {
	next := map[string]string{"": "1"}
	for i := 1; i < 900; i++ {
		next[fmt.Sprint(i)] = fmt.Sprint(i + 1)
	}
	for _, err := range downloadview.List(t.Context(), newCircling(t, &buckettest.Listing{Next: next}), "") {
		t.Errorf("900 empty pages: %v", err)
	}
}
