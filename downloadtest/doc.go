// Package downloadtest helps to test views. It checks what a view decided, before
// anything is sent, and what a client or a proxy receives.
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
// If a proxy sends the bytes, the answer has a location instead of content:
//
//	resp := downloadtest.Do(accelerated, "GET", "/reports/7")
//	downloadtest.Check(t, resp, downloadtest.Download{
//		Name:     "Report 7.pdf",
//		Location: "/_reports/2026/7.pdf",
//	})
//
// [CheckDecision] checks the [downloadview.Response] of a view or a middleware and
// opens no file. To test a refusal, compare [downloadview.StatusCode] of the error
// that the view returns, or check the answer against a [Download] with that Status.
//
// # What is compared
//
// A field with its zero value is not compared, except Status of a [Download]. Each
// difference is one message, such as
//
//	name: got "7.pdf", want "Report 7.pdf"
//
// Package storagetest has wrappers that count the calls to the files of a storage,
// or make them fail. They can wrap a [Storage].
package downloadtest

// TB is the part of [testing.TB] that a check uses. A [testing.T], [testing.B] and
// [testing.F] implement it, and a program may implement it too.
type TB interface {
	Helper()
	Errorf(format string, args ...any)
}
