package comingfrom

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/middleware"
)

// A blob is a row of the table active_storage_blobs.
type blob struct{ Key, Filename, ContentType string }

// blobs answers with the blob whose ID is in the path.
func blobs(objects downloadview.Storage, find func(ctx context.Context, id string) (blob, error)) downloadview.View {
	return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		b, err := find(r.Context(), r.PathValue("id")) // fs.ErrNotExist is 404
		if err != nil {
			return downloadview.Response{}, err
		}
		f, err := objects.File(b.Key)
		return downloadview.Response{File: f, Name: b.Filename, ContentType: b.ContentType}, err
	})
}

// attachments serves blobs to everybody who has a link that blobLink made.
func attachments(view downloadview.View, links *middleware.Links) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /blobs/{id}", links.Handler(downloadview.NewHandler(view, nil)))
	return mux
}

// blobLink returns a link that expires in five minutes.
func blobLink(links *middleware.Links, id string) (string, error) {
	path := (&url.URL{Path: "/blobs/" + id}).String()
	return links.Sign(path, middleware.Grant{Expires: time.Now().Add(5 * time.Minute)})
}
