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
// The bytes that a proxy sends are not known to the application. The proxy's log has
// them: the application sends the ID of the download to the proxy in the field [Field],
// and the proxy logs it with the bytes that left. [AddLine] adds such a line to its entry,
// [Follow] reads a log while the proxy writes it, and [Receive] gets it by syslog.
// "downloadview config nginx --ledger FILE" prints the configuration for it.
//
// A [Queue] keeps downloads from waiting for a store that is slow or away.
package ledger
