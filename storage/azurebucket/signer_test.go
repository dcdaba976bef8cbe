package azurebucket_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/azuretest"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/azurebucket"
)

func sign(t *testing.T, s downloadview.Storage, key string, o downloadview.SignOptions) string {
	t.Helper()
	u, _, err := downloadview.SignedURL(t.Context(), file(t, s, key), o)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestSignedURL(t *testing.T) {
	srv := azuretest.Start(t)
	srv.Put(t, "in/a b.bin", []byte("0123456789"), func(o *blockblob.UploadBufferOptions) {
		o.HTTPHeaders = &blob.HTTPHeaders{BlobContentType: to.Ptr("application/x-stored"), BlobCacheControl: to.Ptr("max-age=60")}
	})
	s := azurebucket.New(srv.Client, &azurebucket.Options{Prefix: "in/", Sign: azurebucket.SharedKey(srv.Credential(t))})
	srv.Counter.Reset()
	o := downloadview.SignOptions{
		Disposition:  `attachment; filename="r_port.csv"; filename*=UTF-8''r%C3%A9port.csv`,
		ContentType:  "text/csv; charset=utf-8",
		CacheControl: "private, no-cache",
	}
	u := sign(t, s, "a b.bin", o)
	if got := srv.Counter.Requests(); got != nil {
		t.Errorf("signing asks %v, want no request", got)
	}
	if !strings.HasPrefix(u, srv.Counted+"/tester/files/in/a%20b.bin?") {
		t.Errorf("URL %s, want that of the blob", u)
	}
	for _, tt := range []struct {
		method, field string
		status        int
		body          string
	}{
		{"GET", "", 200, "0123456789"},
		{"GET", "bytes=2-4", 206, "234"},
		{"GET", "bytes=50-", 416, ""},
		{"HEAD", "", 200, ""},
	} {
		resp, body, err := buckettest.Get(t, tt.method, u, "Range", tt.field)
		if err != nil {
			t.Fatal(err)
		}
		if resp.StatusCode != tt.status || tt.status < 300 && string(body) != tt.body {
			t.Errorf("%s %s: status %d, %q, want %d, %q", tt.method, tt.field, resp.StatusCode, body, tt.status, tt.body)
		}
		if tt.status >= 300 {
			continue
		}
		for field, want := range map[string]string{
			"Content-Disposition": o.Disposition, "Content-Type": o.ContentType, "Cache-Control": o.CacheControl,
		} {
			if got := resp.Header.Get(field); got != want {
				t.Errorf("%s %s: %s %q, want %q", tt.method, tt.field, field, got, want)
			}
		}
	}

	resp, _, err := buckettest.Get(t, "GET", sign(t, s, "a b.bin", downloadview.SignOptions{Method: "HEAD"}))
	if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/x-stored" ||
		resp.Header.Get("Cache-Control") != "max-age=60" {
		t.Errorf("without options: %v, %v, %v, want what is stored", resp.StatusCode, resp.Header, err)
	}
}

// A signed URL is only for reading one blob, with the signed fields, until it
// expires.
func TestSignedURLIsForNothingElse(t *testing.T) {
	srv := azuretest.Start(t)
	srv.Put(t, "a", []byte("a"))
	srv.Put(t, "b", []byte("b"))
	key := azurebucket.SharedKey(srv.Credential(t))
	s := azurebucket.New(srv.Client, &azurebucket.Options{Sign: key})
	expired := azurebucket.New(srv.Client, &azurebucket.Options{
		Sign: func(ctx context.Context, v sas.BlobSignatureValues) (sas.QueryParameters, error) {
			v.ExpiryTime = v.ExpiryTime.Add(-time.Hour)
			return key(ctx, v)
		},
	})
	o := downloadview.SignOptions{Disposition: "attachment", Expiry: time.Minute}
	u := sign(t, s, "a", o)
	altered := func(change func(u *url.URL, q url.Values)) string {
		other, err := url.Parse(u)
		if err != nil {
			t.Fatal(err)
		}
		q := other.Query()
		change(other, q)
		other.RawQuery = q.Encode()
		return other.String()
	}
	for name, tt := range map[string]struct{ method, url string }{
		"another blob":        {"GET", altered(func(u *url.URL, _ url.Values) { u.Path = strings.TrimSuffix(u.Path, "a") + "b" })},
		"another disposition": {"GET", altered(func(_ *url.URL, q url.Values) { q.Set("rscd", "inline") })},
		"no disposition":      {"GET", altered(func(_ *url.URL, q url.Values) { q.Del("rscd") })},
		"a type":              {"GET", altered(func(_ *url.URL, q url.Values) { q.Set("rsct", "text/html") })},
		"longer":              {"GET", altered(func(_ *url.URL, q url.Values) { q.Set("se", "2999-01-01T00:00:00Z") })},
		"no signature":        {"GET", altered(func(_ *url.URL, q url.Values) { q.Del("sig") })},
		"writing":             {"PUT", u},
		"deleting":            {"DELETE", u},
		"expired":             {"GET", sign(t, expired, "a", o)},
		"expired, by HEAD":    {"HEAD", sign(t, expired, "a", o)},
	} {
		resp, _, err := buckettest.Get(t, tt.method, tt.url, "x-ms-blob-type", "BlockBlob")
		if err != nil || resp.StatusCode != http.StatusForbidden {
			t.Errorf("%s: %s, %v, want 403", name, resp.Status, err)
		}
	}
	resp, body, err := buckettest.Get(t, "GET", altered(func(*url.URL, url.Values) {}))
	if err != nil || resp.StatusCode != http.StatusOK || string(body) != "a" {
		t.Errorf("unaltered: %s, %q, %v", resp.Status, body, err)
	}
}

func TestSignedURLsOfOddKeys(t *testing.T) {
	srv := azuretest.Start(t)
	s := azurebucket.New(srv.Client, &azurebucket.Options{Sign: azurebucket.SharedKey(srv.Credential(t))})
	for _, key := range []string{"a b", "a+b", "a%2Fb", "100%", "a?b=c", "a#b", "ąę日", "()'!*", "a;b&c=d", `quote"`, "a//b", "/a", "deep/er"} {
		srv.Put(t, key, []byte("content of "+key))
		resp, body, err := buckettest.Get(t, "GET", sign(t, s, key, downloadview.SignOptions{}))
		if err != nil || string(body) != "content of "+key {
			t.Errorf("%q: %s, %q, %v", key, resp.Status, body, err)
		}
	}
}

func TestSignedURLWithoutServer(t *testing.T) {
	credential, err := container.NewSharedKeyCredential("acct", "a2V5")
	if err != nil {
		t.Fatal(err)
	}
	key := azurebucket.SharedKey(credential)
	public, err := url.Parse("https://files.example.com:8443/blobs/?x=y#z")
	if err != nil {
		t.Fatal(err)
	}
	for want, o := range map[string]*azurebucket.Options{
		"https://acct.blob.core.windows.net/files/2026/a?":   {Prefix: "2026/", Sign: key},
		"https://files.example.com:8443/blobs/files/2026/a?": {Prefix: "2026/", Sign: key, SignEndpoint: public},
		"http://files.example.com/files/a%2525%20b/%23/a?":   {Prefix: "a%25 b/#/", Sign: key, SignEndpoint: &url.URL{Scheme: "http", Host: "files.example.com"}},
	} {
		began := time.Now()
		got := sign(t, elsewhere(t, o), "a", downloadview.SignOptions{Expiry: time.Hour})
		if !strings.HasPrefix(got, want) || strings.Contains(got, "secret") || strings.Contains(got, "x=y") {
			t.Errorf("URL %s, want %s and a signature of its own", got, want)
		}
		u, err := url.Parse(got)
		if err != nil {
			t.Fatal(err)
		}
		protocol := ""
		if u.Scheme == "https" {
			protocol = "https"
		}
		if q := u.Query(); q.Get("spr") != protocol || q.Get("sp") != "r" || q.Get("sr") != "b" {
			t.Errorf("%s: want it for reading this blob by %s", got, u.Scheme)
		}
		end, err := time.Parse(time.RFC3339, u.Query().Get("se"))
		if left := end.Sub(began); err != nil || left < time.Hour-time.Second || left > time.Hour+time.Minute {
			t.Errorf("%s: good for %v, %v, want an hour", got, left, err)
		}
	}

	signing := &azurebucket.Options{Sign: key}
	for name, tt := range map[string]struct {
		options *azurebucket.Options
		key     string
		sign    downloadview.SignOptions
	}{
		"no Sign":       {nil, "a", downloadview.SignOptions{}},
		"PUT":           {signing, "a", downloadview.SignOptions{Method: "PUT"}},
		"DELETE":        {signing, "a", downloadview.SignOptions{Method: "DELETE"}},
		"dot segments":  {signing, "a/../b", downloadview.SignOptions{}},
		"a dot segment": {signing, "a/./b", downloadview.SignOptions{}},
		"Sign refuses": {&azurebucket.Options{Sign: func(context.Context, sas.BlobSignatureValues) (sas.QueryParameters, error) {
			return sas.QueryParameters{}, errors.ErrUnsupported
		}}, "a", downloadview.SignOptions{}},
	} {
		got, _, err := downloadview.SignedURL(t.Context(), file(t, elsewhere(t, tt.options), tt.key), tt.sign)
		if !errors.Is(err, errors.ErrUnsupported) || errors.Is(err, downloadview.ErrUpstream) {
			t.Errorf("%s: %q, %v, want errors.ErrUnsupported", name, got, err)
		}
	}
}

// The identity doesn't depend on how URLs are signed, and has no part of a
// token.
func TestIdentity(t *testing.T) {
	in := func(place string, o *azurebucket.Options) *azurebucket.Storage {
		client, err := container.NewClientWithNoCredential(place, nil)
		if err != nil {
			t.Fatal(err)
		}
		return azurebucket.New(client, o)
	}
	one := in("https://one.blob.core.windows.net/files?sv=1&sig=secret", &azurebucket.Options{Prefix: "2026/"})
	for _, tt := range []struct {
		f    downloadview.File
		want string
	}{
		{file(t, one, "a b"), "https://one.blob.core.windows.net/files/2026/a%20b"},
		{downloadview.Pin(file(t, one, "a"), `"v1"`), "https://one.blob.core.windows.net/files/2026/a#%22v1%22"},
		{file(t, in("https://two.blob.core.windows.net/files", nil), "a"), "https://two.blob.core.windows.net/files/a"},
		{file(t, in("http://127.0.0.1:10000/one/files", nil), "a"), "http://127.0.0.1:10000/one/files/a"},
		{file(t, in("http://127.0.0.1:10000/two/files", nil), "a"), "http://127.0.0.1:10000/two/files/a"},
		{file(t, in("http://127.0.0.1:10000/two/files", &azurebucket.Options{SignEndpoint: &url.URL{Scheme: "https", Host: "x"}}), "a"), "http://127.0.0.1:10000/two/files/a"},
	} {
		if id, ok := downloadview.IdentityOf(tt.f); id != tt.want || !ok {
			t.Errorf("identity %q, %v; want %q", id, ok, tt.want)
		}
	}
}

// If an application's own Sign shortens the validity, SignedURL returns the
// shorter time.
func TestSignedUntil(t *testing.T) {
	credential, err := container.NewSharedKeyCredential("acct", base64.StdEncoding.EncodeToString([]byte("key")))
	if err != nil {
		t.Fatal(err)
	}
	key := azurebucket.SharedKey(credential)
	short := func(ctx context.Context, v sas.BlobSignatureValues) (sas.QueryParameters, error) {
		v.ExpiryTime = v.ExpiryTime.Add(-50 * time.Minute)
		return key(ctx, v)
	}
	for want, by := range map[time.Duration]azurebucket.SignFunc{time.Hour: key, 10 * time.Minute: short, time.Hour - time.Nanosecond: delegation(t, &keys{})} {
		_, until, err := downloadview.SignedURL(t.Context(), file(t, elsewhere(t, &azurebucket.Options{Sign: by}), "a"), downloadview.SignOptions{Expiry: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		if off := time.Until(until) - want; off > time.Second || off < -5*time.Second {
			t.Errorf("good for %v, want %v", time.Until(until), want)
		}
	}
}

// Within a window the same URL is signed, and it is valid for as long as the
// window leaves.
func TestSignedURLsOfAWindow(t *testing.T) {
	credential, err := container.NewSharedKeyCredential("acct", base64.StdEncoding.EncodeToString([]byte("key")))
	if err != nil {
		t.Fatal(err)
	}
	s := fakeAt(t, "https://store.test", &azurebucket.Options{Sign: azurebucket.SharedKey(credential)})
	synctest.Test(t, func(t *testing.T) {
		seen := map[string]bool{}
		for range 60 * 4 {
			u, until, err := downloadview.SignedURL(t.Context(), file(t, s, "a"), downloadview.SignOptions{Expiry: 10 * time.Minute, Window: 5 * time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			parsed, err := url.Parse(u)
			if err != nil || parsed.Query().Get("se") != until.Format("2006-01-02T15:04:05Z") {
				t.Fatalf("%s is valid until %v, %v", u, until, err)
			}
			if left := time.Until(until); left < 5*time.Minute || left > 10*time.Minute {
				t.Fatalf("valid for %v, want 5 to 10 minutes", left)
			}
			seen[u] = true
			time.Sleep(15*time.Second - 7*time.Millisecond)
		}
		if n := len(seen); n < 12 || n > 14 { // an hour
			t.Errorf("%d URLs in an hour, want one for 5 minutes", n)
		}
	})
}
