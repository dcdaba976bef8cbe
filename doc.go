// Package downloadview hands files to people: files on local disk, in buckets,
// behind URLs, in a database or made on the fly, sent by this process or by the
// web server in front of it.
//
// The application decides who may have which file, under which name. A [View]
// says so with a [Response], which is plain data: making it opens nothing.
//
//	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
//		f, err := reports.File(r.PathValue("id") + ".pdf")
//		return downloadview.Response{File: f, Name: "report.pdf"}, err
//	})
//	mux.Handle("GET /reports/{id}", downloadview.NewHandler(view, nil))
//
// A [Middleware] may refuse, change or replace the response of a view, or of
// every view of an application ([Use]). Only at the very end the handler carries
// the response out. Where an [Offloader] (package accel) has a rule for the
// place where the file lives, a header tells nginx to send it, and the
// application is free again. Else the file is opened and streamed: conditional
// requests, ranges, HEAD, entity tags and file names are as RFC 9110, RFC 6266
// and RFC 8187 have them, local files leave by sendfile(2), and a download that
// fails half way is aborted so that nobody takes it for whole.
//
// A [File] is a small interface, a [Storage] finds files by key. The packages
// below storage have them for local disk (disk), any afero file system
// (aferofs), any io/fs.FS such as an embedded folder or a zip archive (iofs),
// any gocloud.dev bucket (gocloud), S3 (s3bucket) and HTTP URLs (remote);
// storagetest helps to write one, and downloadtest to test one's views.
//
// From within an ordinary handler, [SendFile] and [Send] do the same:
//
//	downloadview.Send(w, r, downloadview.Response{File: f, Name: "report.pdf"})
//
// # What is safe by default
//
// Downloads are attachments, their type is never guessed from their bytes, and
// X-Content-Type-Options: nosniff is always sent. Types that can run script in
// the site's name are shown only with [InlineActive], in a sandbox, and a script
// that is an attachment can't be run by a page. Answers are
// private and checked again each time (Cache-Control: private, no-cache). A
// client sees the status text of an error and nothing else; the log sees the
// error.
package downloadview
