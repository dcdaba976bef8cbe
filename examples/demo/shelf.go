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
	Shows string // what the item shows, in one or two sentences
	Slug  string
	Key   string
	Token string // the bearer token that a request needs; "": none
	View  downloadview.View
}

// newShelf returns the sections of the page. To add a download, add an item.
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
			Shows: "Every file of a folder by its key. A name in many scripts is saved unchanged, by every browser.",
			Slug:  "folder", Key: manyScripts,
			View: downloadview.StorageView{Storage: folder},
		}, {
			Title: "An afero file system",
			Shows: "Here one in memory. The key has a right-to-left override, so that it looks like a PDF. The saved name has none.",
			Slug:  "afero", Key: override,
			View: downloadview.StorageView{Storage: aferofs.New(s.memory, nil)},
		}, {
			Title: "A bucket",
			Shows: "Any bucket of the Go CDK, here one in memory. Quotes in a name can't end the header field early.",
			Slug:  "bucket", Key: "letters/" + quotes,
			View: downloadview.StorageView{Storage: gocloud.New(s.bucket, nil)},
		}, {
			Title: "Embedded files",
			Shows: "Files inside the program. They have no modification time, so the view sets their entity tag.",
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
			Shows: "Files at an HTTP URL. Addresses in private networks are refused unless they are allowed. Here one address with one port is allowed.",
			Slug:  "remote", Key: manyScripts,
			View: downloadview.StorageView{Storage: s.origin},
		}, {
			Title: "A table of a database",
			Shows: "A storage written for this page. Its files are rows of an SQLite table, and only the requested part of a file is read.",
			Slug:  "table", Key: "minutes.pdf",
			View: downloadview.StorageView{Storage: attachments{s.db}},
		}},
	}, {
		Title: "Views",
		Items: []item{{
			Title: "A path",
			Shows: "One local file, for every request. Browsers don't take the percent sign in its name for an escape.",
			Slug:  "path",
			View:  always(func() downloadview.File { return oneFile }),
		}, {
			Title: "An object",
			Shows: "A row of an SQLite table, which refers to a file in the folder and has another name for it. The slash in that name is replaced.",
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
			Shows: "These are in memory already. Their size is known, and clients can request any part of them.",
			Slug:  "bytes",
			View:  always(func() downloadview.File { return downloadview.FromBytes("hello.txt", hello, nil) }),
		}, {
			Title: "A sequence",
			Shows: "The lines of a text, from an iterator. Their number isn't known in advance, so there is no length.",
			Slug:  "sequence",
			View:  always(func() downloadview.File { return downloadview.FromSeq("countdown.txt", countdown(100), nil) }),
		}, {
			Title: "A function",
			Shows: "It writes CSV directly to the client. A HEAD request doesn't call it.",
			Slug:  "function",
			View:  always(func() downloadview.File { return downloadview.FromFunc("squares.csv", writeSquares, nil) }),
		}, {
			Title: "A zip archive of the folder",
			Shows: "Packed while it is sent, without a temporary file. An error in the middle aborts the download.",
			Slug:  "packed",
			View:  always(func() downloadview.File { return downloadview.FromFunc("all files.zip", pack(s.folder.FS()), nil) }),
		}},
	}, {
		Title: "Shown instead of saved",
		Items: []item{{
			Title: "An image",
			Shows: "Inline: the browser shows it, and uses the name if it is saved.",
			Slug:  "image", Key: "sunrise.png",
			View: downloadview.StorageView{
				Storage:  folder,
				Response: downloadview.Response{Disposition: downloadview.Inline, Name: "Sunrise over the hills.png"},
			},
		}, {
			Title: "A page with a script in it",
			Shows: "HTML is shown only if the view sets InlineActive, and then in a sandbox: its script doesn't run.",
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
			Shows: "Middleware changes the response of a view. The file is the same, so a proxy still sends it.",
			Slug:  "renamed", Key: percent,
			View: copyOf(downloadview.StorageView{Storage: folder}),
		}, {
			Title: "With a token only",
			Shows: "Middleware requires a bearer token before anything is opened. A link can't carry one, so this link gets 401.",
			Slug:  "token", Key: percent, Token: "open-sesame",
			View: withToken("open-sesame")(downloadview.StorageView{Storage: folder}),
		}, {
			Title: "Refused",
			Shows: "The view refuses the request. The answer has the status and no details.",
			Slug:  "refused",
			View: downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
				return downloadview.Response{}, &downloadview.StatusError{Status: http.StatusForbidden}
			}),
		}, {
			Title: "Missing",
			Shows: "The file doesn't exist. The view sets CheckFirst, so that this process answers 404 and not the proxy.",
			Slug:  "missing", Key: "gone.pdf",
			View: downloadview.StorageView{Storage: folder, Response: downloadview.Response{CheckFirst: true}},
		}},
	}}, nil
}
