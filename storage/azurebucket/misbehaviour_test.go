package azurebucket_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/azuretest"
	"github.com/downloadview/downloadview/storage/azurebucket"
)

// fake returns the container "bkt" of a server that answers as no real one can
// be made to. It is asked once for each call.
func fake(t *testing.T, answer http.HandlerFunc, change ...func(*container.ClientOptions)) *azurebucket.Storage {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	o := azuretest.Options(t)
	for _, c := range change {
		c(o)
	}
	client, err := container.NewClientWithNoCredential(srv.URL+"/acct/bkt", o)
	if err != nil {
		t.Fatal(err)
	}
	return azurebucket.New(client, nil)
}

// What a server does with odd keys is its own affair; on the wire they are
// exact, and have no segments that somebody could resolve on the way.
func TestKeysOnTheWire(t *testing.T) {
	var got string
	s := fake(t, func(_ http.ResponseWriter, r *http.Request) { got = r.RequestURI })
	for key, want := range map[string]string{
		"a//b":       "/acct/bkt/a%2F%2Fb",
		"/a":         "/acct/bkt/%2Fa",
		"a/../b":     "/acct/bkt/a%2F..%2Fb",
		"a/./b":      "/acct/bkt/a%2F.%2Fb",
		"a+b":        "/acct/bkt/a+b",
		"a%41":       "/acct/bkt/a%2541",
		"a%2Fb":      "/acct/bkt/a%252Fb",
		"a?b&c":      "/acct/bkt/a%3Fb&c",
		"a#b":        "/acct/bkt/a%23b",
		"a b":        "/acct/bkt/a%20b",
		"ąę日":        "/acct/bkt/%C4%85%C4%99%E6%97%A5",
		"()'!*":      "/acct/bkt/%28%29%27%21%2A",
		`a":@,;=$~_`: "/acct/bkt/a%22:@%2C%3B=$~_",
	} {
		h, err := file(t, s, key).Open(t.Context())
		if err != nil {
			t.Errorf("Open(%q): %v", key, err)
			continue
		}
		h.Close()
		if got != want {
			t.Errorf("%q is asked for as %q, want %q", key, got, want)
		}
	}
}

// A range must be the one that was asked for, or it is no answer at all.
func TestOtherRanges(t *testing.T) {
	tests := []struct {
		name           string
		offset, length int64
		status         int
		contentRange   string
		body           string
		want           error
	}{
		{"asked for", 2, 3, 206, "bytes 2-4/10", "234", nil},
		{"cut at the end", 8, 5, 206, "bytes 8-9/10", "89", nil},
		{"ignored", 2, 3, 200, "", "0123456789", errors.ErrUnsupported},
		{"all, and no range", 0, -1, 200, "", "0123456789", nil},
		{"all, and a range", 0, -1, 206, "bytes 0-9/10", "0123456789", downloadview.ErrUpstream},
		{"ignored, and empty", 0, -1, 200, "", "", downloadview.ErrRange},
		{"another beginning", 2, 3, 206, "bytes 0-2/10", "012", downloadview.ErrUpstream},
		{"shorter", 2, 3, 206, "bytes 2-3/10", "23", downloadview.ErrUpstream},
		{"longer", 2, 3, 206, "bytes 2-5/10", "2345", downloadview.ErrUpstream},
		{"of no bytes", 2, 3, 206, "bytes 2-1/2", "", downloadview.ErrRange},
		{"size unknown", 2, 3, 206, "bytes 2-4/*", "234", errors.ErrUnsupported},
		{"other length", 2, 3, 206, "bytes 2-4/10", "23456", downloadview.ErrUpstream},
		{"past its size", 2, 3, 206, "bytes 2-4/4", "234", downloadview.ErrUpstream},
		{"other unit", 2, 3, 206, "lines 2-4/10", "234", downloadview.ErrUpstream},
		{"negative", 2, 3, 206, "bytes -2-4/10", "234", downloadview.ErrUpstream},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
				if tt.contentRange != "" {
					w.Header().Set("Content-Range", tt.contentRange)
				}
				w.WriteHeader(tt.status)
				io.WriteString(w, tt.body)
			})
			h, err := file(t, s, "a").(downloadview.RangeFile).OpenRange(t.Context(), tt.offset, tt.length)
			if !errors.Is(err, tt.want) {
				t.Fatalf("OpenRange(%d, %d): %v, want %v", tt.offset, tt.length, err, tt.want)
			}
			if tt.want == nil {
				if got := content(t, h); got != tt.body {
					t.Errorf("content %q, want %q", got, tt.body)
				}
			}
		})
	}
}

func TestPartInsteadOfTheWhole(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Range", "bytes 0-2/10")
		w.WriteHeader(http.StatusPartialContent)
		io.WriteString(w, "012")
	})
	if _, err := file(t, s, "a").Open(t.Context()); !errors.Is(err, downloadview.ErrUpstream) {
		t.Errorf("Open: %v, want ErrUpstream", err)
	}
}

func TestShortBody(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "10")
		if r.Header.Get("X-Ms-Range") != "" {
			w.Header().Set("Content-Range", "bytes 5-14/20")
			w.WriteHeader(http.StatusPartialContent)
		}
		io.WriteString(w, "0123")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	f := file(t, s, "a")
	for name, open := range map[string]func() (fs.File, error){
		"whole": func() (fs.File, error) { return f.Open(t.Context()) },
		"range": func() (fs.File, error) { return downloadview.OpenRange(t.Context(), f, 5, 10) },
	} {
		h, err := open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(h)
		if string(got) != "0123" || !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, downloadview.ErrUpstream) {
			t.Errorf("%s: %q, %v, want 0123, io.ErrUnexpectedEOF and ErrUpstream", name, got, err)
		}
		h.Close()
	}
}

func TestUnknownSize(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "0123")
		w.(http.Flusher).Flush()
		io.WriteString(w, "456789")
	})
	h, err := file(t, s, "a").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if size := attributes(t, h.Stat).Size; size != -1 {
		t.Errorf("size %d of a chunked answer, want -1", size)
	}
	if got := content(t, h); got != "0123456789" {
		t.Errorf("content %q, want 0123456789", got)
	}
}

func TestTagsGetTheirQuotes(t *testing.T) {
	for sent, want := range map[string]string{`"abc"`: `"abc"`, `abc`: `"abc"`, `W/"abc"`: `W/"abc"`, "": ""} {
		s := fake(t, func(w http.ResponseWriter, _ *http.Request) { w.Header()["ETag"] = []string{sent} })
		h, err := file(t, s, "a").Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := attributes(t, h.Stat).ETag; got != want {
			t.Errorf("ETag %s becomes %q, want %q", sent, got, want)
		}
		h.Close()
	}
}

func TestErrorAnswers(t *testing.T) {
	tests := []struct {
		status int
		code   string
		want   error
		client int // status for the client
	}{
		{404, "BlobNotFound", fs.ErrNotExist, 404},
		{404, "ContainerNotFound", fs.ErrNotExist, 404},
		{404, "ResourceNotFound", fs.ErrNotExist, 404},
		{404, "", fs.ErrNotExist, 404},
		{404, "NotOfAzure", downloadview.ErrUpstream, 502},
		{403, "AuthorizationPermissionMismatch", fs.ErrNotExist, 404},
		{403, "InsufficientAccountPermissions", fs.ErrNotExist, 404},
		{403, "AuthenticationFailed", downloadview.ErrUpstream, 502},
		{403, "AuthorizationFailure", downloadview.ErrUpstream, 502},
		{403, "AccountIsDisabled", downloadview.ErrUpstream, 502},
		{403, "", fs.ErrNotExist, 404},
		{401, "InvalidAuthenticationInfo", downloadview.ErrUpstream, 502},
		{400, "InvalidUri", fs.ErrInvalid, 404},
		{400, "OutOfRangeInput", fs.ErrInvalid, 404},
		{400, "InvalidHeaderValue", downloadview.ErrUpstream, 502},
		{409, "BlobArchived", downloadview.ErrUpstream, 503},
		{409, "BlobBeingRehydrated", downloadview.ErrUpstream, 503},
		{412, "ConditionNotMet", downloadview.ErrChanged, 503},
		{412, "", downloadview.ErrChanged, 503},
		{412, "LeaseIdMissing", downloadview.ErrUpstream, 502},
		{416, "InvalidRange", downloadview.ErrRange, 500},
		{429, "TooManyRequests", downloadview.ErrUpstream, 503},
		{500, "InternalError", downloadview.ErrUpstream, 502},
		{503, "ServerBusy", downloadview.ErrUpstream, 503},
		{503, "", downloadview.ErrUpstream, 503},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.status, tt.code), func(t *testing.T) {
			s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", "7")
				if tt.code != "" {
					w.Header().Set("X-Ms-Error-Code", tt.code)
				}
				w.WriteHeader(tt.status)
			})
			_, opened := file(t, s, "a").Open(t.Context())
			_, stated := downloadview.Stat(t.Context(), file(t, s, "a")) // by HEAD
			for what, err := range map[string]error{"Open": opened, "Stat": stated} {
				if !errors.Is(err, tt.want) {
					t.Errorf("%s: %v, want %v", what, err, tt.want)
				}
				if got := downloadview.StatusCode(err); got != tt.client {
					t.Errorf("%s: the client sees %d, want %d", what, got, tt.client)
				}
				after := "7"
				if tt.status == http.StatusConflict {
					after = "3600"
				}
				if e, ok := errors.AsType[*downloadview.StatusError](err); ok && e.Header.Get("Retry-After") != after {
					t.Errorf("%s: header %v, want Retry-After %s", what, e.Header, after)
				}
				if e, ok := errors.AsType[*azcore.ResponseError](err); !ok || e.StatusCode != tt.status {
					t.Errorf("%s: %v has no cause with status %d", what, err, tt.status)
				}
			}
		})
	}
}

// A store that doesn't say how long it is busy gets three seconds.
func TestBusyWithoutRetryAfter(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })
	_, err := file(t, s, "a").Open(t.Context())
	if e, ok := errors.AsType[*downloadview.StatusError](err); !ok || e.Header.Get("Retry-After") != "3" {
		t.Errorf("Open: %v, want a StatusError with Retry-After 3", err)
	}
}

// A store that accepts and keeps silent is a timeout where the client has one.
func TestSilentStore(t *testing.T) {
	done := make(chan struct{})
	transport := &http.Transport{ResponseHeaderTimeout: 50 * time.Millisecond}
	defer transport.CloseIdleConnections()
	s := fake(t, func(http.ResponseWriter, *http.Request) { <-done }, func(o *container.ClientOptions) {
		o.Transport = &http.Client{Transport: transport}
	})
	defer close(done)
	_, err := file(t, s, "a").Open(t.Context())
	if downloadview.StatusCode(err) != http.StatusGatewayTimeout {
		t.Errorf("Open: %v, want 504", err)
	}
	if !errors.Is(err, downloadview.ErrUpstream) || !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Open: %v, want ErrUpstream, and a deadline that is not that of the context", err)
	}
}

// With the retries that the documentation advises, a busy store is asked again
// only if it is patient for less than the client.
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

// The digest is that of the blob, never that of the range that comes.
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

// A listing comes a page at a time, with names encoded that XML can't carry.
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
	if got, want := names(t, s, ""), []string{"a", "b\ufffe", "c/"}; !slices.Equal(got, want) {
		t.Errorf("List = %q, want %q", got, want)
	}
}
