package matrix_test

import (
	"bytes"
	"io"
	"net/http"
	"path"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// bucket returns an empty bucket, and a function that puts objects into it.
func bucket(t *testing.T) (p place, put func(key string, content []byte)) {
	t.Helper()
	srv := s3test.Start(t)
	p = place{name: "s3", storage: s3bucket.New(srv.Client, srv.Bucket, nil), source: "s3://" + srv.Bucket}
	return p, func(key string, content []byte) {
		srv.Put(t, key, content, func(in *s3.PutObjectInput) {
			in.ContentType = aws.String(downloadview.TypeByName(key))
			in.ContentDisposition = aws.String(`inline; filename="of the store"`)
			in.CacheControl = aws.String("public, max-age=1000")
			in.Metadata = map[string]string{"owner": "somebody"}
		})
	}
}

// objects returns a bucket with the files whose names its server accepts.
func objects(t *testing.T) place {
	t.Helper()
	p, put := bucket(t)
	for _, name := range names {
		if strings.Contains(name, "\n") || !utf8.ValidString(name) { // no keys of S3, or none that its XML can tell
			continue
		}
		p.names = append(p.names, name)
		put(name, []byte(content(path.Base(name))))
	}
	put("empty", nil)
	return p
}

// Clients that are redirected to the store get the name and type that the application
// set. The application answers HEAD itself.
func TestRedirects(t *testing.T) {
	p := objects(t)
	s := newSite(t, "nginx", []place{p})
	for _, key := range p.names {
		q := request{method: "GET"}
		streamed := s.get(t, "stream", p.name, key, q, "")
		sent := s.get(t, "redirect", p.name, key, q, "")
		if sent.mode != downloadview.Redirected || sent.status != http.StatusFound || !strings.HasPrefix(sent.header.Get("Cache-Control"), "private, ") {
			t.Errorf("%q: %v, %d, Cache-Control %q; want a redirect for this client alone", key, sent.mode, sent.status, sent.header.Get("Cache-Control"))
			continue
		}
		resp, err := http.Get(sent.header.Get("Location"))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || !bytes.Equal(body, []byte(streamed.body)) {
			t.Errorf("%q: %s, %d bytes, %v from the store; streamed %d", key, resp.Status, len(body), err, len(streamed.body))
		}
		for _, name := range []string{"Content-Type", "Content-Disposition", "Etag"} {
			if got, want := resp.Header.Get(name), streamed.header.Get(name); got != want {
				t.Errorf("%q: %s %q from the store, streamed %q", key, name, got, want)
			}
		}
		if head := s.get(t, "redirect", p.name, key, request{method: "HEAD"}, ""); head.mode != downloadview.Streamed || head.status != http.StatusOK {
			t.Errorf("%q: HEAD is %d by %v, want it answered by the application", key, head.status, head.mode)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}
