package gcsbucket_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/storage"
	"google.golang.org/api/option"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/gcstest"
	"github.com/downloadview/downloadview/storage/gcsbucket"
)

var signingKey = sync.OnceValues(func() (*rsa.PrivateKey, []byte) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
})

// verify checks the signature of a URL as Google documents it: the server of
// these tests doesn't.
func verify(method, signed string) error {
	u, err := url.Parse(signed)
	if err != nil {
		return err
	}
	q := u.Query()
	signature, err := hex.DecodeString(q.Get("X-Goog-Signature"))
	if err != nil {
		return err
	}
	q.Del("X-Goog-Signature")
	sum := sha256.Sum256([]byte(strings.Join([]string{
		method, u.EscapedPath(), strings.ReplaceAll(q.Encode(), "+", "%20"),
		"host:" + u.Hostname(), "", "host", "UNSIGNED-PAYLOAD",
	}, "\n")))
	_, scope, _ := strings.Cut(q.Get("X-Goog-Credential"), "/")
	text := fmt.Sprintf("GOOG4-RSA-SHA256\n%s\n%s\n%x", q.Get("X-Goog-Date"), scope, sum)
	sum = sha256.Sum256([]byte(text))
	key, _ := signingKey()
	return rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], signature)
}

func signing() *storage.SignedURLOptions {
	_, pem := signingKey()
	return &storage.SignedURLOptions{GoogleAccessID: "signer@example.test", PrivateKey: pem, Insecure: true}
}

func TestSignedURL(t *testing.T) {
	srv := gcstest.Start(t)
	const key = "q 1/ą+%41?#&.csv"
	srv.Put(t, "in/"+key, []byte("0123456789"), func(o *storage.ObjectAttrs) { o.ContentType = "text/csv" })
	s := gcsbucket.New(srv.Client, srv.Bucket, &gcsbucket.Options{Prefix: "in/", Signing: signing()})
	srv.Counter.Reset()
	signed, _, err := downloadview.SignedURL(t.Context(), file(t, s, key), downloadview.SignOptions{
		Expiry:      90 * time.Second,
		Disposition: `attachment; filename="q 1.csv"; filename*=UTF-8''%C4%85.csv`,
		ContentType: "text/plain; charset=utf-8",
	})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(srv.Counter.Requests()); n != 0 {
		t.Errorf("signing with a key made %d requests", n)
	}
	if err := verify(http.MethodGet, signed); err != nil {
		t.Errorf("signature of %s: %v", signed, err)
	}
	if err := verify(http.MethodHead, signed); err == nil {
		t.Error("a URL signed for GET is good for HEAD, too")
	}
	u, err := url.Parse(signed)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"X-Goog-Expires":               "90",
		"X-Goog-Algorithm":             "GOOG4-RSA-SHA256",
		"response-content-disposition": `attachment; filename="q 1.csv"; filename*=UTF-8''%C4%85.csv`,
		"response-content-type":        "text/plain; charset=utf-8",
	} {
		if got := u.Query().Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	resp, body, err := buckettest.Get(t, "GET", signed, "Range", "bytes=2-4")
	if err != nil || resp.StatusCode != http.StatusPartialContent || string(body) != "234" {
		t.Errorf("status %d, %q, %v for a range of it", resp.StatusCode, body, err)
	}
}

// A pinned file's URL is that of its generation.
func TestSignedURLOfPinned(t *testing.T) {
	srv := gcstest.Start(t)
	srv.Put(t, "a", []byte("first"))
	s := gcsbucket.New(srv.Client, srv.Bucket, &gcsbucket.Options{Signing: signing()})
	fi, err := downloadview.Stat(t.Context(), file(t, s, "a"))
	if err != nil {
		t.Fatal(err)
	}
	pinned := downloadview.Pin(file(t, s, "a"), downloadview.AttributesOf(fi).ETag)
	signed, _, err := downloadview.SignedURL(t.Context(), pinned, downloadview.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(http.MethodGet, signed); err != nil {
		t.Error(err)
	}
	if _, body, _ := buckettest.Get(t, "GET", signed); string(body) != "first" {
		t.Errorf("content %q, want that of the generation", body)
	}
	srv.Put(t, "a", []byte("second"))
	if resp, body, _ := buckettest.Get(t, "GET", signed); resp.StatusCode != http.StatusNotFound {
		t.Errorf("status %d, %q for what was replaced, want 404", resp.StatusCode, body)
	}
	_, _, err = downloadview.SignedURL(t.Context(), downloadview.Pin(pinned, `"other"`), downloadview.SignOptions{})
	if !errors.Is(err, downloadview.ErrChanged) {
		t.Errorf("a tag without a generation: %v, want ErrChanged", err)
	}
}

func TestSignedHosts(t *testing.T) {
	client := gcstest.NewClient(t, "http://127.0.0.1:1", &http.Transport{})
	tests := []struct {
		name   string
		change func(*storage.SignedURLOptions)
		want   string
	}{
		{"endpoint of the client", func(*storage.SignedURLOptions) {}, "http://127.0.0.1:1/bkt/a//b"},
		{"host", func(o *storage.SignedURLOptions) { o.Hostname = "gcs.test" }, "http://gcs.test/bkt/a//b"},
		{
			"bucket as host", func(o *storage.SignedURLOptions) { o.Hostname, o.Style = "gcs.test", storage.VirtualHostedStyle() },
			"http://bkt.gcs.test/a//b",
		},
		{
			"own host", func(o *storage.SignedURLOptions) {
				o.Style, o.Insecure = storage.BucketBoundHostname("files.test"), false
			},
			"https://files.test/a//b",
		},
		{
			"what is not looked at", func(o *storage.SignedURLOptions) {
				o.Hostname, o.Method, o.ContentType, o.Scheme = "gcs.test", "PUT", "text/css", storage.SigningSchemeV2
				o.QueryParameters = url.Values{"acl": {""}}
			},
			"http://gcs.test/bkt/a//b",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := signing()
			tt.change(o)
			s := gcsbucket.New(client, "bkt", &gcsbucket.Options{Signing: o})
			for _, method := range []string{"", http.MethodGet, http.MethodHead} {
				signed, _, err := downloadview.SignedURL(t.Context(), file(t, s, "a//b"), downloadview.SignOptions{Method: method})
				if err != nil {
					t.Fatal(err)
				}
				at, query, _ := strings.Cut(signed, "?")
				if at != tt.want || strings.Contains(query, "acl") {
					t.Errorf("%s, want it at %s", signed, tt.want)
				}
				if method == "" {
					method = http.MethodGet
				}
				if err := verify(method, signed); err != nil {
					t.Errorf("%s: %v", method, err)
				}
			}
		})
	}
}

func TestUnsignable(t *testing.T) {
	client := gcstest.NewClient(t, "http://127.0.0.1:1", &http.Transport{})
	able := gcsbucket.New(client, "bkt", &gcsbucket.Options{Signing: signing()})
	broken := errors.New("broken")
	unable := gcsbucket.New(client, "bkt", &gcsbucket.Options{Signing: &storage.SignedURLOptions{
		GoogleAccessID: "signer@example.test",
		SignBytes:      func([]byte) ([]byte, error) { return nil, broken },
	}})
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	tests := []struct {
		name    string
		ctx     context.Context
		storage *gcsbucket.Storage
		key     string
		o       downloadview.SignOptions
		want    error // nil: any
	}{
		{"method", t.Context(), able, "a", downloadview.SignOptions{Method: "PUT"}, errors.ErrUnsupported},
		{"cache control", t.Context(), able, "a", downloadview.SignOptions{CacheControl: "no-store"}, errors.ErrUnsupported},
		{"dot segment", t.Context(), able, "a/../b", downloadview.SignOptions{}, errors.ErrUnsupported},
		{"too long", t.Context(), able, "a", downloadview.SignOptions{Expiry: 7*24*time.Hour + time.Second}, nil},
		{"context", ended, able, "a", downloadview.SignOptions{}, context.Canceled},
		{"signer fails", t.Context(), unable, "a", downloadview.SignOptions{}, downloadview.ErrUpstream},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			signed, _, err := downloadview.SignedURL(tt.ctx, file(t, tt.storage, tt.key), tt.o)
			if err == nil || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("%q, %v, want %v", signed, err, tt.want)
			}
		})
	}
	if _, _, err := downloadview.SignedURL(t.Context(), file(t, able, "a"), downloadview.SignOptions{Expiry: 7 * 24 * time.Hour}); err != nil {
		t.Errorf("a week: %v", err)
	}
}

// If the client has the credentials of a service account, no setting is needed.
func TestSignedByClient(t *testing.T) {
	_, pem := signingKey()
	account := fmt.Sprintf(`{"type":"service_account","client_email":"client@example.test","private_key_id":"1","private_key":%q,`+
		`"token_uri":"http://127.0.0.1:1/"}`, pem)
	client, err := storage.NewClient(t.Context(),
		option.WithHTTPClient(&http.Client{}), option.WithAuthCredentialsJSON(option.ServiceAccount, []byte(account)))
	if err != nil {
		t.Fatal(err)
	}
	signed, _, err := downloadview.SignedURL(t.Context(), file(t, gcsbucket.New(client, "bkt", nil), "a"), downloadview.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(http.MethodGet, signed); err != nil || !strings.HasPrefix(signed, "https://storage.googleapis.com/bkt/a?") {
		t.Errorf("%s: %v", signed, err)
	}
}

// The client has no credentials, and neither has the machine.
func TestNobodySigns(t *testing.T) {
	machine := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(machine.Close)
	t.Setenv("GCE_METADATA_HOST", machine.Listener.Addr().String())
	s := gcsbucket.New(gcstest.NewClient(t, "http://127.0.0.1:1", &http.Transport{}), "bkt", nil)
	_, _, err := downloadview.SignedURL(t.Context(), file(t, s, "a"), downloadview.SignOptions{})
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("SignedURL: %v, want errors.ErrUnsupported", err)
	}
}

// The identity of an object doesn't depend on how URLs are signed.
func TestIdentity(t *testing.T) {
	client := func(endpoint string) *storage.Client {
		c, err := storage.NewClient(t.Context(), option.WithEndpoint(endpoint+"/storage/v1/"), option.WithoutAuthentication())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	google, err := storage.NewClient(t.Context(), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	defer google.Close()
	one := gcsbucket.New(client("http://one.test:4443"), "bkt", nil)
	for _, tt := range []struct {
		name string
		f    downloadview.File
		want string
	}{
		{"one store", file(t, one, "a b"), "https://one.test:4443/bkt/a%20b"},
		{"another", file(t, gcsbucket.New(client("http://two.test:4443"), "bkt", nil), "a b"), "https://two.test:4443/bkt/a%20b"},
		{"who signs for elsewhere", file(t, gcsbucket.New(client("http://one.test:4443"), "bkt", &gcsbucket.Options{
			Prefix: "in/", Signing: &storage.SignedURLOptions{Hostname: "cdn.test", GoogleAccessID: "x"},
		}), "a"), "https://one.test:4443/bkt/in/a"},
		{"Google's", file(t, gcsbucket.New(google, "bkt", nil), "a"), "https://storage.googleapis.com/bkt/a"},
		{"of no version", downloadview.Pin(file(t, one, "a"), `"other"`), ""},
	} {
		if id, ok := downloadview.IdentityOf(tt.f); id != tt.want || ok != (tt.want != "") {
			t.Errorf("%s: identity %q, %v; want %q", tt.name, id, ok, tt.want)
		}
	}
}

// Keys that Google keeps are valid for at least 12 hours, and no URL signed by
// them is reported as valid for longer.
func TestSignedUntil(t *testing.T) {
	own := signing()
	byIAM := signing()
	byIAM.PrivateKey, byIAM.SignBytes = nil, func([]byte) ([]byte, error) { return []byte{1}, nil }
	client, err := storage.NewClient(t.Context(), option.WithoutAuthentication())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	for _, tt := range []struct {
		name         string
		by           *storage.SignedURLOptions
		expiry, want time.Duration
	}{
		{"own key", own, 24 * time.Hour, 24 * time.Hour},
		{"a key that Google keeps", byIAM, 24 * time.Hour, 12 * time.Hour},
		{"by such a key, soon", byIAM, time.Hour, time.Hour},
	} {
		f := file(t, gcsbucket.New(client, "bkt", &gcsbucket.Options{Signing: tt.by}), "a")
		_, until, err := downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{Expiry: tt.expiry})
		if err != nil {
			t.Fatal(err)
		}
		if off := time.Until(until) - tt.want; off > 0 || off < -5*time.Second {
			t.Errorf("%s: good for %v, want %v", tt.name, time.Until(until), tt.want)
		}
	}
}
