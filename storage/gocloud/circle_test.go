package gocloud_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"gocloud.dev/blob"
	"gocloud.dev/blob/driver"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/gocloud"
)

// circling is a driver whose listing goes on as next says, with or without an
// object on each page.
type circling struct {
	cloud
	next  map[string]string
	empty bool
	asked int
}

func (c *circling) ListPaged(ctx context.Context, o *driver.ListOptions) (*driver.ListPage, error) {
	c.asked++
	if o.BeforeList != nil {
		if err := o.BeforeList(func(any) bool { return false }); err != nil {
			return nil, err
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p := &driver.ListPage{NextPageToken: []byte(c.next[string(o.PageToken)])}
	if !c.empty {
		p.Objects = []*driver.ListObject{{Key: "key" + string(o.PageToken)}, {Key: "key" + string(o.PageToken) + "2"}}
	}
	return p, nil
}

// A listing that goes round in circles is an error.
func TestListingInCircles(t *testing.T) {
	for name, next := range map[string]map[string]string{
		"one token":  {"": "a", "a": "a"},
		"two tokens": {"": "a", "a": "b", "b": "a"},
		"late":       {"": "a", "a": "b", "b": "c", "c": "d", "d": "d"},
	} {
		for _, empty := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, empty: %t", name, empty), func(t *testing.T) {
				c := &circling{next: next, empty: empty}
				s := gocloud.New(closing(t, blob.NewBucket(c)), nil)
				var last error
				for _, err := range s.List(t.Context(), "") {
					last = err
				}
				if downloadview.StatusCode(last) != http.StatusBadGateway || !strings.Contains(fmt.Sprint(last), "listing") {
					t.Errorf("%v after %d requests, want 502 for the listing", last, c.asked)
				}
				if !empty && c.asked > 20 {
					t.Errorf("%d requests, want 20 at most", c.asked)
				}
			})
		}
	}
	// One that ends is whole, empty pages and all.
	next := map[string]string{}
	for i := range 900 {
		from := fmt.Sprint(i)
		if i == 0 {
			from = ""
		}
		next[from] = fmt.Sprint(i + 1)
	}
	c := &circling{next: next, empty: true}
	s := gocloud.New(closing(t, blob.NewBucket(c)), nil)
	for _, err := range s.List(t.Context(), "") {
		t.Errorf("900 empty pages: %v", err)
	}
}
