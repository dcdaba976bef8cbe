package main

import (
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/aferofs"
	"github.com/downloadview/downloadview/storage/disk"
	"github.com/downloadview/downloadview/storage/gocloud"
	"github.com/downloadview/downloadview/storage/iofs"
)

// A section of the page.
type section struct {
	Title string
	Items []item
}

// An item is a download on the page, at /Slug/Key.
type item struct {
	Title string
	Shows string // what there is to see, in a sentence or two
	Slug  string
	Key   string
	Token string // what a request needs as its bearer token; "": nothing
	View  downloadview.View
}

// newShelf returns all there is on the page. A download more is an item more.
func newShelf(s *stock) ([]section, error) {
	folder := disk.New(s.folder, nil)
	oneFile, err := disk.File(filepath.Join(s.folder.Name(), percent))
	if err != nil {
		return nil, err
	}
	return []section{{
		Title: "Storages",
		Items: []item{{
			Title: "A local folder",
			Shows: "Every file of a folder by its key. A name in many scripts arrives as it is, from every browser.",
			Slug:  "folder", Key: manyScripts,
			View: downloadview.StorageView{Storage: folder},
		}, {
			Title: "An afero file system",
			Shows: "Here one in memory. The key has a right-to-left override in it, to look like a PDF; the saved name hasn't.",
			Slug:  "afero", Key: override,
			View: downloadview.StorageView{Storage: aferofs.New(s.memory, nil)},
		}, {
			Title: "A bucket",
			Shows: "Any bucket of the Go CDK, here one in memory. Quotes in a name can't end the header field early.",
			Slug:  "bucket", Key: "letters/" + quotes,
			View: downloadview.StorageView{Storage: gocloud.New(s.bucket, nil)},
		}, {
			Title: "Embedded files",
			Shows: "Files inside the program. They know no time, so the view says which version they are.",
			Slug:  "embedded", Key: "hello.txt",
			View: downloadview.StorageView{
				Storage:  iofs.New(samples, nil),
				Response: downloadview.Response{ETag: `"v1"`},
			},
		}, {
			Title: "A zip archive",
			Shows: "A member of an archive, inflated while it is sent.",
			Slug:  "zip", Key: "report.pdf",
			View: downloadview.StorageView{Storage: iofs.New(s.archive, nil)},
		}, {
			Title: "Another server",
			Shows: "Files at an HTTP URL. Addresses inside one's own network are refused unless allowed; here one address is, and one port.",
			Slug:  "remote", Key: manyScripts,
			View: downloadview.StorageView{Storage: s.origin},
		}, {
			Title: "A table of a database",
			Shows: "A storage written for this page: its files are rows of an SQLite table, and no more of them is read than is asked for.",
			Slug:  "table", Key: "minutes.pdf",
			View: downloadview.StorageView{Storage: attachments{s.db}},
		}},
	}, {
		Title: "Views",
		Items: []item{{
			Title: "A path",
			Shows: "One local file, whatever the request. No browser takes the percent sign for the start of an escape.",
			Slug:  "path",
			View:  always(func() downloadview.File { return oneFile }),
		}, {
			Title: "An object",
			Shows: "A row of an SQLite table that names a file in the folder, and gives it a name of its own. The slash in that becomes harmless.",
			Slug:  "object", Key: "17",
			View: downloadview.ObjectView[invoice]{
				Object: func(r *http.Request) (invoice, error) { return s.invoice(r.Context(), r.PathValue("path")) },
				File:   func(v invoice) (downloadview.File, error) { return folder.File(v.File) },
				Response: func(v invoice) downloadview.Response {
					return downloadview.Response{Name: fmt.Sprintf("Invoice %d for %s.pdf", v.ID, v.Customer)}
				},
			},
		}},
	}, {
		Title: "Made while they are sent",
		Items: []item{{
			Title: "Bytes",
			Shows: "Not quite: these are in memory already. Their size is known, and any part of them can be asked for.",
			Slug:  "bytes",
			View:  always(func() downloadview.File { return downloadview.FromBytes("hello.txt", hello, nil) }),
		}, {
			Title: "A sequence",
			Shows: "The lines of a text, from an iterator. Nobody knows how many there will be, so there is no length.",
			Slug:  "sequence",
			View:  always(func() downloadview.File { return downloadview.FromSeq("countdown.txt", countdown(100), nil) }),
		}, {
			Title: "A function",
			Shows: "It writes CSV straight to the visitor. To tell the headers it isn't even called.",
			Slug:  "function",
			View:  always(func() downloadview.File { return downloadview.FromFunc("squares.csv", writeSquares, nil) }),
		}, {
			Title: "A zip archive of the folder",
			Shows: "Packed on the way, without a temporary file. An error in the midst of it aborts the download.",
			Slug:  "packed",
			View:  always(func() downloadview.File { return downloadview.FromFunc("all files.zip", pack(s.folder.FS()), nil) }),
		}},
	}, {
		Title: "Shown instead of saved",
		Items: []item{{
			Title: "An image",
			Shows: "Inline: the browser shows it, and keeps the name for when it is saved.",
			Slug:  "image", Key: "sunrise.png",
			View: downloadview.StorageView{
				Storage:  folder,
				Response: downloadview.Response{Disposition: downloadview.Inline, Name: "Sunrise over the hills.png"},
			},
		}, {
			Title: "A page with a script in it",
			Shows: "HTML is shown only where the view insists, and then in a sandbox: its script doesn't run.",
			Slug:  "html", Key: "note.html",
			View: downloadview.StorageView{
				Storage:  folder,
				Response: downloadview.Response{Disposition: downloadview.InlineActive},
			},
		}},
	}, {
		Title: "Middleware and errors",
		Items: []item{{
			Title: "Another name",
			Shows: "Middleware changes what a view decided. The file is the same, so a proxy still sends it.",
			Slug:  "renamed", Key: percent,
			View: copyOf(downloadview.StorageView{Storage: folder}),
		}, {
			Title: "With a token only",
			Shows: "Middleware asks for a bearer token before anything is opened. A link can't bring one along, so this one ends in 401.",
			Slug:  "token", Key: percent, Token: "open-sesame",
			View: withToken("open-sesame")(downloadview.StorageView{Storage: folder}),
		}, {
			Title: "Refused",
			Shows: "The view says no. The visitor learns that and nothing else.",
			Slug:  "refused",
			View: downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
				return downloadview.Response{}, &downloadview.StatusError{Status: http.StatusForbidden}
			}),
		}, {
			Title: "Missing",
			Shows: "No such file. The view asks for a look, so that this process says so and not the proxy.",
			Slug:  "missing", Key: "gone.pdf",
			View: downloadview.StorageView{Storage: folder, Response: downloadview.Response{CheckFirst: true}},
		}},
	}}, nil
}
