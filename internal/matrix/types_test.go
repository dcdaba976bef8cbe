package matrix_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// A stored type that a browser could read as another type doesn't reach the client
// from the store: not streamed, not handed over, not by a redirect. Harmless types are
// shown inline.
func TestDisguisedTypesOfAStore(t *testing.T) {
	srv := s3test.Start(t)
	types := []string{
		"image/png, text/html", "text/plain;charset=utf-8,text/html", "image/svg+xml,", "application/xhtml+xml x", "text/javascript", "image/svg+xml",
	}
	want := []string{
		"application/octet-stream", "application/octet-stream", "application/octet-stream", "application/octet-stream", "application/octet-stream", "image/svg+xml",
	}
	p := place{name: "s3", storage: s3bucket.New(srv.Client, srv.Bucket, nil), source: "s3://" + srv.Bucket}
	for i, contentType := range types {
		srv.Put(t, fmt.Sprint(i), []byte("0123456789"), func(in *s3.PutObjectInput) { in.ContentType = aws.String(contentType) })
	}
	s := newSite(t, "nginx", []place{p})
	for i, contentType := range types {
		for _, mode := range []string{"stream", "offload", "redirect"} {
			a := s.get(t, mode, p.name, fmt.Sprint(i), request{method: "GET"}, "")
			if a.status == http.StatusFound {
				resp, err := http.Get(a.header.Get("Location"))
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
				a.status, a.header = resp.StatusCode, resp.Header
			}
			got, want := a.header.Get("Content-Type"), want[i]
			if mode == "redirect" { // the application doesn't look at the object
				want = "application/octet-stream"
			}
			kind, _, _ := strings.Cut(a.header.Get("Content-Disposition"), ";")
			wantKind := "inline"
			if contentType == "image/svg+xml" && mode != "redirect" || contentType == "text/javascript" && mode != "redirect" {
				wantKind = "attachment"
			}
			if a.status != 200 || got != want || kind != wantKind {
				t.Errorf("%s of %q: %d, %q, %s; want %q, %s", mode, contentType, a.status, got, kind, want, wantKind)
			}
		}
	}
	http.DefaultClient.CloseIdleConnections()
}
