package s3bucket_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// fake returns the bucket "bkt" of a server that answers as no real one can be
// made to. It is asked once for each call.
func fake(t *testing.T, answer http.HandlerFunc) *s3bucket.Storage {
	t.Helper()
	return fakeWith(t, nil, answer)
}

func fakeWith(t *testing.T, o *s3bucket.Options, answer http.HandlerFunc) *s3bucket.Storage {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	return s3bucket.New(s3.New(s3.Options{
		BaseEndpoint:     &srv.URL,
		Region:           "us-east-1",
		UsePathStyle:     true,
		HTTPClient:       srv.Client(),
		RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		}),
	}), "bkt", o)
}

// What a server does with odd keys is its own affair; on the wire they are
// exact.
func TestKeysOnTheWire(t *testing.T) {
	var got string
	s := fake(t, func(_ http.ResponseWriter, r *http.Request) { got = r.RequestURI })
	for key, want := range map[string]string{
		"a//b":        "/bkt/a//b",
		"/a":          "/bkt//a",
		"a/../b":      "/bkt/a/../b",
		"a/./b":       "/bkt/a/./b",
		"a+b":         "/bkt/a%2Bb",
		"a%41":        "/bkt/a%2541",
		"a?b&c":       "/bkt/a%3Fb%26c",
		"a#b":         "/bkt/a%23b",
		"a b":         "/bkt/a%20b",
		"ąę日":         "/bkt/%C4%85%C4%99%E6%97%A5",
		"()'!*":       "/bkt/%28%29%27%21%2A",
		`a\b:@,;=$~_`: "/bkt/a%5Cb%3A%40%2C%3B%3D%24~_",
		"a\r\nb":      "/bkt/a%0D%0Ab",
	} {
		h, err := file(t, s, key).Open(t.Context())
		if err != nil {
			t.Errorf("Open(%q): %v", key, err)
			continue
		}
		h.Close()
		if want += "?x-id=GetObject"; got != want {
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
		{"suffix", -3, 0, 206, "bytes 7-9/10", "789", nil},
		{"ignored", 2, 3, 200, "", "0123456789", errors.ErrUnsupported},
		{"suffix ignored", -3, 0, 200, "", "0123456789", errors.ErrUnsupported},
		{"whole, and a range", 2, 3, 200, "bytes 2-4/10", "234", errors.ErrUnsupported},
		{"a part of nothing known", 2, 3, 206, "", "234", errors.ErrUnsupported},
		{"no content", 2, 3, 204, "", "", downloadview.ErrUpstream},
		{"accepted", 2, 3, 202, "bytes 2-4/10", "234", downloadview.ErrUpstream},
		{"ignored, and empty", 0, -1, 200, "", "", downloadview.ErrRange},
		{"another beginning", 2, 3, 206, "bytes 0-2/10", "012", downloadview.ErrUpstream},
		{"shorter", 2, 3, 206, "bytes 2-3/10", "23", downloadview.ErrUpstream},
		{"longer", 2, 3, 206, "bytes 2-5/10", "2345", downloadview.ErrUpstream},
		{"another suffix", -3, 0, 206, "bytes 6-9/10", "6789", downloadview.ErrUpstream},
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
		if r.Header.Get("Range") != "" {
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

// A body that ends before its length is an error even where the transport does
// not say so.
func TestShortBodyOfQuietTransport(t *testing.T) {
	client := s3.New(s3.Options{
		Region:       "us-east-1",
		UsePathStyle: true,
		HTTPClient:   doer(func(*http.Request) *http.Response { return answer("0123", "Content-Length", "10") }),
	})
	h, err := file(t, s3bucket.New(client, "bkt", nil), "a").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if got, err := io.ReadAll(h); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%q, %v, want io.ErrUnexpectedEOF", got, err)
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

// Keys come encoded where the store is willing, since XML can't carry them all;
// and a page at a time.
func TestListPages(t *testing.T) {
	pages := map[string]string{
		"": `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>
			<NextContinuationToken>two</NextContinuationToken>
			<Contents><Key>a%01b</Key><Size>1</Size></Contents><Contents><Key>a+%2B-c</Key><Size>1</Size></Contents></ListBucketResult>`,
		"two": `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>
			<CommonPrefixes><Prefix>a+%2B/</Prefix></CommonPrefixes></ListBucketResult>`,
	}
	s := fake(t, func(w http.ResponseWriter, r *http.Request) {
		if q := r.URL.Query(); q.Get("encoding-type") != "url" || q.Get("delimiter") != "/" {
			t.Errorf("listed with %s, want encoding-type=url and delimiter=/", r.URL.RawQuery)
		}
		io.WriteString(w, pages[r.URL.Query().Get("continuation-token")])
	})
	if got, want := listed(t, s, ""), []string{"a\x01b", "a +/", "a +-c"}; !slices.Equal(got, want) {
		t.Errorf("List = %q, want %q", got, want)
	}
}
