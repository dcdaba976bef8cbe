// Package ledger keeps one entry for one logical download, however many requests it
// takes: ranges, retries, several connections at once, HEAD, and answers that this
// process streams or a proxy sends. An entry says who downloaded which version of which
// file, how many bytes left, and whether the whole file did.
//
// A [Ledger] makes entries from the requests of an application:
//
//	entries := ledger.NewMemory(nil)
//	l := ledger.New(entries, &ledger.Options{Subject: userOf})
//	files := downloadview.NewHandler(view, &downloadview.Options{Observer: l.Observe})
//	http.Handle("/files/", l.Handler(files))
//
// The bytes that a proxy sends are not known to the application. The application sends
// the ID of the download to the proxy in the field [Field], so that what the proxy logs
// can be added to the entry with [Store.Add].
package ledger
