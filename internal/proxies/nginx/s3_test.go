package nginx_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/proxytest"
	"github.com/downloadview/downloadview/internal/s3test"
)

// presigner signs a URL for the object in the request's path, valid for the time in its
// query, and each time for another second.
func presigner(t *testing.T, server *s3test.Server) func(*http.Request) (string, string) {
	client := s3.NewPresignClient(server.Client)
	now := time.Now().Add(-30 * time.Minute)
	return func(r *http.Request) (string, string) {
		key := strings.TrimPrefix(r.URL.Path, "/")
		now = now.Add(time.Second)
		lives := time.Hour
		if r.URL.Query().Has("expired") {
			lives = time.Minute
		}
		signed, err := client.PresignGetObject(r.Context(), &s3.GetObjectInput{Bucket: &server.Bucket, Key: &key}, func(o *s3.PresignOptions) {
			o.Expires = lives
			o.Presigner = at{o.Presigner, now}
		})
		if err != nil {
			t.Error(err)
			return "", ""
		}
		return signed.URL, "s3://" + server.Bucket + r.URL.EscapedPath()
	}
}

// at signs with another time.
type at struct {
	s3.HTTPPresignerV4
	now time.Time
}

func (a at) PresignHTTP(ctx context.Context, credentials aws.Credentials, r *http.Request, payload, service, region string, _ time.Time, options ...func(*v4.SignerOptions)) (string, http.Header, error) {
	return a.HTTPPresignerV4.PresignHTTP(ctx, credentials, r, payload, service, region, a.now, options...)
}

func TestNginxS3(t *testing.T) {
	server := s3test.Start(t)
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<12) // 64 KiB
	server.Put(t, "a.bin", content)
	server.Put(t, "empty", nil)
	keys := []string{
		"a b.txt", "100%.txt", "%41.txt", "a+b.txt", "ü€.txt", "a?b=c&d.txt", "a#b.txt", "a%2Fb.txt", "~a'()*!$;,:@=.txt", "sub/folder/c.txt", `a"b\c.txt`, "<&>.txt",
	}
	for _, key := range keys {
		server.Put(t, key, []byte("object "+key))
	}
	head, err := server.Client.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &server.Bucket, Key: aws.String("a.bin")})
	if err != nil {
		t.Fatal(err)
	}
	tag, modified := *head.ETag, head.LastModified.UTC().Format(http.TimeFormat)

	for _, o := range []site.Rule{{}, {Cache: 64 << 20}, {Cache: 64 << 20, Slice: 10_000}} {
		t.Run(fmt.Sprintf("cache %d slice %d", o.Cache, o.Slice), func(t *testing.T) {
			proxy := startSigned(t, o, presigner(t, server))
			server.Counter.Reset()
			for _, key := range keys {
				target := "/" + escape(key)
				if body := proxytest.Body(t, proxy.Do(t, "GET", target, nil)); body != "object "+key {
					t.Errorf("%q: %q, want the object", key, body)
				}
			}
			for _, tt := range []struct {
				name, target string
				header       http.Header
				status       int
				body         []byte
				contentRange string
			}{
				{"whole", "/a.bin", nil, 200, content, ""},
				{"range", "/a.bin", http.Header{"Range": {"bytes=9990-20010"}}, 206, content[9990:20011], "bytes 9990-20010/65536"},
				{"suffix", "/a.bin", http.Header{"Range": {"bytes=-10"}}, 206, content[65526:], "bytes 65526-65535/65536"},
				{"to the end", "/a.bin", http.Header{"Range": {"bytes=65000-"}}, 206, content[65000:], "bytes 65000-65535/65536"},
				{"resumed", "/a.bin", http.Header{"Range": {"bytes=65000-"}, "If-Range": {tag}}, 206, content[65000:], "bytes 65000-65535/65536"},
				{"resumed by date", "/a.bin", http.Header{"Range": {"bytes=65000-"}, "If-Range": {modified}}, 206, content[65000:], "bytes 65000-65535/65536"},
				{"changed since", "/a.bin", http.Header{"Range": {"bytes=65000-"}, "If-Range": {`"other"`}}, 200, content, ""},
				{"not modified", "/a.bin", http.Header{"If-None-Match": {tag}}, 304, nil, ""},
				{"modified", "/a.bin", http.Header{"If-None-Match": {`"other"`}}, 200, content, ""},
				{"match", "/a.bin", http.Header{"If-Match": {tag}}, 200, content, ""},
				{"no match", "/a.bin", http.Header{"If-Match": {`"other"`}}, 412, nil, ""},
				{"unmodified since", "/a.bin", http.Header{"If-Unmodified-Since": {"Thu, 01 Jan 1970 00:00:01 GMT"}}, 412, nil, ""},
				{"not satisfiable", "/a.bin", http.Header{"Range": {"bytes=65536-"}}, 416, nil, ""},
				{"missing", "/missing", nil, 404, nil, ""},
				{"empty", "/empty", nil, 200, nil, ""},
				{"expired", "/sub/folder/c.txt?expired", nil, 404, nil, ""},
			} {
				for _, method := range []string{"HEAD", "GET"} {
					what := method + " " + tt.name
					if tt.name == "expired" && o.Cache > 0 {
						continue // it is in the cache
					}
					resp := proxy.Do(t, method, tt.target, tt.header.Clone())
					body := proxytest.Body(t, resp)
					if resp.StatusCode != tt.status || tt.status != 416 && resp.Header.Get("Content-Range") != tt.contentRange {
						t.Errorf("%s: %s, Content-Range %q, want %d, %q", what, resp.Status, resp.Header.Get("Content-Range"), tt.status, tt.contentRange)
					}
					if strings.Contains(body, "<Error>") || strings.Contains(body, "Key") {
						t.Errorf("%s: the store's page: %q", what, body)
					}
					wantNoPrivate(t, what, resp)
					if tt.status >= 400 {
						continue
					}
					wantFields(t, what, resp)
					if tt.status == 304 {
						continue
					}
					if method == "GET" && body != string(tt.body) {
						t.Errorf("%s: %d bytes, want the %d of the object", what, len(body), len(tt.body))
					}
					if resp.ContentLength != int64(len(tt.body)) {
						t.Errorf("%s: Content-Length %d, want %d", what, resp.ContentLength, len(tt.body))
					}
					if tt.name != "empty" && (resp.Header.Get("ETag") != tag || resp.Header.Get("Last-Modified") != modified) {
						t.Errorf("%s: ETag %s, Last-Modified %s, want the store's", what, resp.Header.Get("ETag"), resp.Header.Get("Last-Modified"))
					}
					if got := resp.Header.Get("Accept-Ranges"); tt.name != "empty" && tt.status == 200 && got != "bytes" {
						t.Errorf("%s: Accept-Ranges %q, want bytes", what, got)
					}
					if got := resp.Header.Get("Content-Type"); tt.name != "empty" && got != "text/x-own; charset=utf-8" {
						t.Errorf("%s: Content-Type %q, want the application's", what, got)
					}
				}
			}
			resp := proxy.Do(t, "GET", "/a.bin", http.Header{"Range": {"bytes=0-1,5-6"}})
			body := proxytest.Body(t, resp)
			multipart := resp.StatusCode == 206 && strings.HasPrefix(resp.Header.Get("Content-Type"), "multipart/byteranges; boundary=")
			whole := resp.StatusCode == 200 && body == string(content)
			if !multipart && !whole {
				t.Errorf("several ranges: %s, %s, %d bytes, want multipart or the whole", resp.Status, resp.Header.Get("Content-Type"), len(body))
			}
			if requests := server.Counter.Requests(); o.Slice > 0 {
				for _, r := range requests {
					if r.Range == "" {
						t.Errorf("%s without a range, want pieces", r.Operation)
					}
				}
			}
			server.Counter.Reset()
			for range 3 {
				if body := proxytest.Body(t, proxy.Do(t, "GET", "/a.bin", nil)); body != string(content) {
					t.Errorf("once more: %d bytes, want %d", len(body), len(content))
				}
			}
			want := 3
			if o.Cache > 0 {
				want = 0
			}
			if got := len(server.Counter.Requests()); got != want {
				t.Errorf("%d requests at the store for 3 more downloads, want %d", got, want)
			}
		})
	}
}

// escape returns a key in the form of a client's URL.
func escape(key string) string { return (&url.URL{Path: key}).EscapedPath() }
