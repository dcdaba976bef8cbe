package middleware_test

import (
	"context"
	"io/fs"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/middleware"
)

// signedObjects are the objects of a bucket whose store signs URLs.
type signedObjects map[string]*downloadview.Attributes

func (s signedObjects) File(key string) (downloadview.File, error) {
	a, ok := s[key]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return signedObject{downloadview.FromString(key, codedBytes(key, "-")[:a.Size], a)}, nil
}

type signedObject struct{ downloadview.File }

func (o signedObject) Unwrap() downloadview.File { return o.File }

func (o signedObject) Source() (downloadview.Source, bool) {
	return downloadview.Source{Scheme: "s3", Host: "site", Path: o.Name()}, true
}

func (o signedObject) Identity() (string, bool) { return "https://store.test/site/" + o.Name(), true }

func (o signedObject) SignedURL(context.Context, downloadview.SignOptions) (string, time.Time, error) {
	return "https://store.test/site/" + o.Name() + "?signature=1", time.Time{}, nil
}

// The store sends a variant without its coding if that isn't stored with it. So nginx must
// not fetch the variant there, also if the store has signed a URL for the same object
// before: for a download of a.css.gz under its own name, or before it was stored anew.
func TestVariantsThatTheStoreSendsWithoutTheirCoding(t *testing.T) {
	a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: "s3://site", Destination: "/_s3/", Headers: accel.PassAll, Signed: &accel.Signed{}}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	objects := signedObjects{
		"a.css":    {Size: 600, ETag: `"1"`, ModTime: variantTime},
		"a.css.gz": {Size: 100, ETag: `"2"`, ModTime: variantTime},
		"b.css":    {Size: 600, ETag: `"3"`, ModTime: variantTime},
		"b.css.gz": {Size: 100, ETag: `"4"`, ModTime: variantTime, ContentEncoding: "gzip"},
	}
	view := downloadview.StorageView{Storage: objects, Key: downloadview.PathKey("/")}
	v := a.Middleware(middleware.NewVariants(objects, nil).View(view))
	check := func(target string, handedOver bool) {
		t.Helper()
		resp := askFor(v, target, "Accept-Encoding", "gzip")
		if got := resp.Header.Get("X-Accel-Redirect") != ""; got != handedOver || resp.StatusCode != 200 {
			t.Errorf("%s: %s, handed over: %t, want %t", target, resp.Status, got, handedOver)
		}
		if coding := resp.Header.Get("Content-Encoding"); !handedOver && coding != "gzip" {
			t.Errorf("%s: Content-Encoding %q, want gzip", target, coding)
		}
	}
	check("/a.css", false)
	check("/a.css.gz", true)
	check("/a.css", false)
	check("/b.css", true)
	objects["b.css.gz"].ContentEncoding = ""
	check("/b.css", false)
}
