// Package downloadview serves downloads that the application controls: files on
// local disk, in buckets, behind URLs, in a database or made on the fly. This
// process sends them, or the web server in front of it.
//
// The application decides who may have which file, under which name. A [View]
// returns the decision as a [Response], which is plain data: making it opens
// nothing.
//
//	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
//		f, err := reports.File(r.PathValue("id") + ".pdf")
//		return downloadview.Response{File: f, Name: "report.pdf"}, err
//	})
//	mux.Handle("GET /reports/{id}", downloadview.NewHandler(view, nil))
//
// A [Middleware] can refuse, change or replace the response of one view, or of
// every view of an application ([Use]). The handler carries the response out at
// the very end. If an [Offloader] has a rule for the place of the file, a header
// tells the web server to send it, and the application is free for the next
// request. Otherwise the handler opens the file and streams it: with conditional
// requests, ranges, HEAD and entity tags as in RFC 9110, and with file names as in
// RFC 6266 and RFC 8187. Local files leave by sendfile(2). If a download fails
// half way, the connection is broken off, so that no client takes the part for the
// whole file.
//
// From within an ordinary handler, [SendFile] and [Send] do the same:
//
//	downloadview.Send(w, r, downloadview.Response{File: f, Name: "report.pdf"})
//
// # Packages
//
// A [File] is a small interface. A [Storage] finds files by key:
//
//   - storage/disk: a local directory, or one local file
//   - storage/aferofs: any afero file system
//   - storage/iofs: any io/fs.FS, such as embedded files or a zip archive
//   - storage/s3bucket, storage/gcsbucket, storage/azurebucket: a bucket, through
//     the SDK of its cloud
//   - storage/gocloud: any bucket of the Go CDK
//   - storage/remote: files at HTTP URLs
//
// Two packages wrap a storage: storage/resume continues a download after the
// connection to the store broke, and storage/readahead fetches large files over
// several connections.
//
// The other packages:
//
//   - archive: zip and tar archives of files of any storages, made while they are sent
//   - spool: makes expensive content once, and keeps it in a local folder
//   - accel: rules by which nginx, Apache, lighttpd or Caddy sends the bytes
//   - middleware: middleware for views, signed links
//   - middleware/memlease, middleware/redislease, middleware/natslease: stores that count
//     the downloads of links
//   - middleware/leasetest: for tests of such a store of one's own
//   - ledger: one entry for one download, over ranges, retries and the bytes that a proxy sent
//   - ledger/sqlledger, ledger/redisledger, ledger/natsledger: stores of these entries, in
//     SQLite or PostgreSQL, in Redis, and in NATS
//   - ledger/ledgertest: for tests of such a store of one's own
//   - observe/otel: spans and metrics with OpenTelemetry
//   - doctor: finds out what is wrong with a running set-up
//   - downloadtest: for tests of views
//   - storage/storagetest: for tests of a storage of one's own
//   - cmd/downloadview: a command that serves a directory or a bucket
//
// A program compiles the packages that it imports, and no others.
//
// # What is safe by default
//
// Downloads are attachments. Their type is never guessed from their bytes, and
// X-Content-Type-Options: nosniff is always sent. A type that can run script in
// the name of the site is shown only with [InlineActive], in a sandbox. A page
// can't run a script that is an attachment. Answers are private and are checked
// again each time (Cache-Control: private, no-cache). A client sees the status text
// of an error and nothing else; the log has the error.
package downloadview
