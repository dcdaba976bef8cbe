package azurebucket_test

import (
	"encoding/base64"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
)

// If a busy store sends no Retry-After, the client gets three seconds.
func TestBusyWithoutRetryAfter(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	_, err := file(t, s, "a").Open(t.Context())
	if e, ok := errors.AsType[*downloadview.StatusError](err); !ok || e.Header.Get("Retry-After") != "3" {
		t.Errorf("Open: %v, want a StatusError with Retry-After 3", err)
	}
}

// With the retries that the documentation recommends, a busy store is asked
// again only if its Retry-After is short enough.
func TestAdvisedRetries(t *testing.T) {
	for after, want := range map[string]int{"": 2, "7": 1} {
		asked := 0
		s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
			asked++
			if after != "" {
				w.Header().Set("Retry-After", after)
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		}, func(o *container.ClientOptions) {
			o.Retry = policy.RetryOptions{MaxRetries: 1, RetryDelay: time.Millisecond, MaxRetryDelay: time.Second}
		})
		_, err := file(t, s, "a").Open(t.Context())
		if asked != want || downloadview.StatusCode(err) != http.StatusServiceUnavailable {
			t.Errorf("Retry-After %q: asked %d times, %v; want %d times and 503", after, asked, err, want)
		}
	}
}

// The digest is that of the blob, never that of a range.
func TestDigestOfRange(t *testing.T) {
	part, all := []byte("md5 of the part!"), []byte("md5 of the whole")
	for _, known := range []bool{true, false} {
		s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 2-4/10")
			w.Header().Set("Content-MD5", base64.StdEncoding.EncodeToString(part))
			if known {
				w.Header().Set("X-Ms-Blob-Content-Md5", base64.StdEncoding.EncodeToString(all))
			}
			w.WriteHeader(http.StatusPartialContent)
			io.WriteString(w, "234")
		})
		h, err := downloadview.OpenRange(t.Context(), file(t, s, "a"), 2, 3)
		if err != nil {
			t.Fatal(err)
		}
		want := ""
		if known {
			want = "md5=:" + base64.StdEncoding.EncodeToString(all) + ":"
		}
		if got := attributes(t, h.Stat).ReprDigest; got != want {
			t.Errorf("digest %q, want %q", got, want)
		}
		h.Close()
	}
}

// A listing has several pages, and encodes names that XML can't represent.
func TestListPages(t *testing.T) {
	pages := map[string]string{
		"": `<EnumerationResults><Blobs><Blob><Name>a</Name><Properties><Content-Length>1</Content-Length></Properties></Blob>
			<Blob><Name Encoded="true">b%EF%BF%BE</Name></Blob></Blobs><NextMarker>two</NextMarker></EnumerationResults>`,
		"two": `<EnumerationResults><Blobs><BlobPrefix><Name>c/</Name></BlobPrefix>
			<Blob><Name Encoded="true">d%01</Name></Blob></Blobs><NextMarker/></EnumerationResults>`,
	}
	s := fake(t, func(w http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); q.Get("comp") != "list" || q.Get("delimiter") != "/" {
			t.Errorf("listed with %s, want comp=list and delimiter=/", r.URL.RawQuery)
		}
		w.Header().Set("Content-Type", "application/xml")
		io.WriteString(w, pages[r.URL.Query().Get("marker")])
	})
	if got, want := buckettest.Names(t, s, ""), []string{"a", "b\ufffe", "c/"}; !slices.Equal(got, want) {
		t.Errorf("List = %q, want %q", got, want)
	}
}

// Azure keeps any bytes that a client gives it for the MD5, such as the hex digits.
func TestDigestIsAnMD5(t *testing.T) {
	for _, sum := range []string{"", "short", "781e5e245d69b566979b86e28d23f2c7"} {
		s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-MD5", base64.StdEncoding.EncodeToString([]byte(sum)))
			io.WriteString(w, "0123456789")
		})
		h, err := file(t, s, "a").Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := attributes(t, h.Stat).ReprDigest; got != "" {
			t.Errorf("MD5 %q: digest %q, want none", sum, got)
		}
		h.Close()
		if got := attributes(t, func() (fs.FileInfo, error) { return downloadview.Stat(t.Context(), file(t, s, "a")) }).ReprDigest; got != "" {
			t.Errorf("MD5 %q: digest %q by Stat, want none", sum, got)
		}
	}
}
