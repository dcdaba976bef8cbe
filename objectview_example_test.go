package downloadview_test

import (
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/downloadview/downloadview"
)

// A photo is a row of a table in a database.
type photo struct {
	Title string
	Key   string // of the file; "" where none was uploaded
	Type  string
	Size  int64
	Hash  string
}

// table takes the place of a database in this example.
type table map[string]photo

func (t table) find(id string) (photo, error) {
	p, ok := t[id]
	if !ok {
		return photo{}, sql.ErrNoRows
	}
	return p, nil
}

// An ObjectView looks up a record and sends the file whose key is in one of its
// fields. Attributes that the record has need no request to the storage.
func ExampleObjectView() {
	uploads := folder(map[string]string{"8f3a": "JPEG"})
	photos := table{
		"7": {Title: "Holiday.jpg", Key: "8f3a", Type: "image/jpeg", Size: 4, Hash: "b1946ac9"},
		"8": {Title: "Not uploaded yet.jpg"},
	}

	view := downloadview.ObjectView[photo]{
		Object: func(r *http.Request) (photo, error) {
			p, err := photos.find(r.PathValue("id"))
			if errors.Is(err, sql.ErrNoRows) {
				err = fs.ErrNotExist // 404
			}
			return p, err
		},
		File: func(p photo) (downloadview.File, error) {
			if p.Key == "" {
				return nil, nil
			}
			return uploads.File(p.Key)
		},
		Response: func(p photo) downloadview.Response {
			return downloadview.Response{
				Name:        p.Title,
				ContentType: p.Type,
				ETag:        fmt.Sprintf("%q", p.Hash),
				Disposition: downloadview.Inline,
			}
		},
		Attributes: func(p photo) downloadview.Attributes {
			return downloadview.Attributes{Size: p.Size}
		},
	}
	mux := http.NewServeMux()
	mux.Handle("/photos/{id}", downloadview.NewHandler(view, nil))

	show(mux, "GET", "/photos/7")
	show(mux, "HEAD", "/photos/7")
	show(mux, "GET", "/photos/7", "If-None-Match", `"b1946ac9"`)
	show(mux, "GET", "/photos/8")
	show(mux, "GET", "/photos/9")
	// Output:
	// 200 inline; filename="Holiday.jpg"
	// JPEG
	// 200 inline; filename="Holiday.jpg"
	//
	// 304
	//
	// 404
	// Not Found
	//
	// 404
	// Not Found
}
