// Package downloadtest is for people who test their views: what a view decided,
// before anything is sent, and what a client or a proxy gets.
//
//	func TestReport(t *testing.T) {
//		reports := downloadtest.Storage{Files: map[string]string{"2026/7.pdf": "%PDF"}}
//		app := NewApp(reports) // an http.Handler
//
//		resp := downloadtest.Do(app, "GET", "/reports/7", "Authorization: Bearer x")
//		downloadtest.Check(t, resp, downloadtest.Download{
//			Name:        "Report 7.pdf",
//			Type:        "application/pdf",
//			Disposition: downloadtest.Attachment,
//			Content:     "%PDF",
//		})
//	}
//
// Where a proxy sends the bytes, the answer has a location in place of content:
//
//	resp := downloadtest.Do(accelerated, "GET", "/reports/7")
//	downloadtest.Check(t, resp, downloadtest.Download{
//		Name:     "Report 7.pdf",
//		Location: "/_reports/2026/7.pdf",
//	})
//
// [CheckDecision] looks at the [downloadview.Response] of a view or a
// middleware and opens nothing. A refusal is told by
// [downloadview.StatusCode] of the error that the view returns, or by a
// [Download] with that Status.
//
// # What is compared
//
// The zero value of a field means that it doesn't matter. Each fact that
// differs is one message, such as
//
//	name: got "7.pdf", want "Report 7.pdf"
//
// Storages that count what they are asked for, and such that fail, are in
// storage/storagetest; its wrappers fit around a [Storage].
package downloadtest

// TB is what a check needs of a [testing.T], [testing.B] or [testing.F].
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}
