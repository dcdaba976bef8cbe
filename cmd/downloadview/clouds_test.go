package main

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"cloud.google.com/go/storage"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/downloadview/downloadview/internal/azuretest"
	"github.com/downloadview/downloadview/internal/faultproxy"
	"github.com/downloadview/downloadview/internal/gcstest"
	"github.com/downloadview/downloadview/internal/s3test"
)

// A cloud is a real server with the API of a cloud, behind a proxy that can make it
// fail.
type cloud struct {
	scheme  string
	bucket  string
	secrets []string
	faults  *faultproxy.Proxy
	put     func(t testing.TB, key string, content []byte)

	// describe puts "0123456789" with what a store keeps beside an object: described.
	describe func(t testing.TB, key string)

	// at has the environment say where the store is, and returns the rest of
	// what a bucket's URL needs for that.
	at func(t *testing.T, store string) string

	s3     *s3test.Server // nil: another cloud
	suffix int            // requests for the last bytes

	newline int      // requests for a key with a newline in it
	control []string // keys with control characters, which the store has
	denied  faultproxy.Fault
	wrong   func(t *testing.T, faults *faultproxy.Proxy) // makes the credentials so
}

// url returns the URL of a bucket behind the proxy.
func (c *cloud) url(t *testing.T) string { return c.scheme + "://" + c.bucket + c.at(t, c.faults.URL) }

// described has the metadata that a store keeps for an object.
var described = struct{ contentType, encoding, language, disposition, cacheControl string }{
	"text/x-report", "br", "pl", `inline; filename="report.txt"`, "public, max-age=99",
}

func clouds(t *testing.T, test func(t *testing.T, c *cloud)) {
	for scheme, start := range map[string]func(*testing.T) *cloud{"s3": startS3, "gs": startGS, "azblob": startAzure} {
		t.Run(scheme, func(t *testing.T) { test(t, start(t)) })
	}
}

func address(raw string) string { return strings.TrimPrefix(raw, "http://") }

func startS3(t *testing.T) *cloud {
	s := s3test.Start(t)
	t.Setenv("AWS_ACCESS_KEY_ID", s.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", s.SecretKey)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", "none")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "none")
	return &cloud{
		scheme: "s3", bucket: s.Bucket, secrets: []string{s.SecretKey},
		faults: faultproxy.Start(t, address(s.Endpoint)),
		put:    func(t testing.TB, key string, content []byte) { s.Put(t, key, content) },
		describe: func(t testing.TB, key string) {
			s.Put(t, key, digits[:10], func(in *s3.PutObjectInput) {
				in.ContentType, in.ContentEncoding, in.ContentLanguage = &described.contentType, &described.encoding, &described.language
				in.ContentDisposition, in.CacheControl = &described.disposition, &described.cacheControl
				in.Metadata, in.ChecksumAlgorithm = map[string]string{"owner": "eve"}, types.ChecksumAlgorithmSha256
			})
		},
		at: func(_ *testing.T, store string) string {
			return "?region=" + s.Region + "&use_path_style=true&endpoint=" + url.QueryEscape(store)
		},
		s3: s, suffix: 1, newline: 1, control: []string{"c\x01\x1f\x7f.txt", "c\r\nd\t.txt"},
		denied: faultproxy.S3Error(http.StatusForbidden, "AccessDenied"),
		wrong:  func(t *testing.T, _ *faultproxy.Proxy) { t.Setenv("AWS_SECRET_ACCESS_KEY", "anothersecret") },
	}
}

func startGS(t *testing.T) *cloud {
	s := gcstest.Start(t)
	// The server looks at the host to tell its two APIs apart.
	host := &httputil.ReverseProxy{
		Transport: &http.Transport{DisableCompression: true},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", address(s.Endpoint), address(s.Counted)
		},
	}
	named := httptest.NewServer(host)
	t.Cleanup(named.Close)
	t.Cleanup(host.Transport.(*http.Transport).CloseIdleConnections)
	return &cloud{
		scheme: "gs", bucket: s.Bucket,
		faults: faultproxy.Start(t, address(named.URL)),
		put:    func(t testing.TB, key string, content []byte) { s.Put(t, key, content) },
		describe: func(t testing.TB, key string) {
			s.Put(t, key, digits[:10], func(a *storage.ObjectAttrs) {
				a.ContentType, a.ContentEncoding, a.ContentLanguage = described.contentType, described.encoding, described.language
				a.ContentDisposition, a.CacheControl = described.disposition, described.cacheControl
				a.Metadata = map[string]string{"owner": "eve"}
			})
		},
		at: func(t *testing.T, store string) string {
			t.Setenv("STORAGE_EMULATOR_HOST", store)
			return ""
		},
		suffix: 1, control: []string{"c\x01\x1f\x7f.txt", "c\t.txt"},
		denied: faultproxy.Status(http.StatusForbidden, "<Error><Code>AccessDenied</Code></Error>"),
		wrong: func(_ *testing.T, faults *faultproxy.Proxy) { // which the server can't see
			faults.On(0, nil, faultproxy.Status(http.StatusUnauthorized, "<Error><Code>AuthenticationRequired</Code></Error>"))
		},
	}
}

func startAzure(t *testing.T) *cloud {
	s := azuretest.Start(t)
	t.Setenv("AZURE_STORAGE_ACCOUNT", s.Account)
	t.Setenv("AZURE_STORAGE_KEY", s.Key)
	return &cloud{
		scheme: "azblob", bucket: s.Container, secrets: []string{s.Key},
		faults: faultproxy.Start(t, address(s.Endpoint)),
		put:    func(t testing.TB, key string, content []byte) { s.Put(t, key, content) },
		describe: func(t testing.TB, key string) {
			s.Put(t, key, digits[:10], func(o *blockblob.UploadBufferOptions) {
				o.HTTPHeaders = &blob.HTTPHeaders{
					BlobContentType: &described.contentType, BlobContentEncoding: &described.encoding, BlobContentLanguage: &described.language,
					BlobContentDisposition: &described.disposition, BlobCacheControl: &described.cacheControl,
				}
				o.Metadata = map[string]*string{"owner": to.Ptr("eve")}
			})
		},
		at: func(_ *testing.T, store string) string {
			return "?protocol=http&localemu=true&domain=" + address(store)
		},
		suffix: 2,
		denied: faultproxy.Status(http.StatusForbidden, "", "X-Ms-Error-Code", "AuthorizationPermissionMismatch"),
		wrong:  func(t *testing.T, _ *faultproxy.Proxy) { t.Setenv("AZURE_STORAGE_KEY", "YW5vdGhlciBrZXk=") },
	}
}
