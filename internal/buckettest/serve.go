package buckettest

import (
	"bytes"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
)

// Serve serves the keys of a storage under "/" of the returned URL.
func Serve(t *testing.T, s downloadview.Storage) string {
	t.Helper()
	key := func(r *http.Request) (string, error) { return strings.TrimPrefix(r.URL.Path, "/"), nil }
	srv := httptest.NewServer(downloadview.NewHandler(
		downloadview.StorageView{Storage: s, Key: key},
		&downloadview.Options{Logger: slog.New(slog.DiscardHandler)},
	))
	t.Cleanup(srv.Close)
	return srv.URL
}

// Get sends a request with the given header fields, names and values in turn,
// and returns the answer and its body. The error is the body's.
func Get(t *testing.T, method, url string, fields ...string) (*http.Response, []byte, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		req.Header.Add(fields[i], fields[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}

// Fetch returns a function that sends requests, on connections that are closed
// when the test ends.
func Fetch(t *testing.T) func(*http.Request) (*http.Response, error) {
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return (&http.Client{Transport: transport}).Do
}

// Numbered returns n bytes that differ for each seed, and name the seed on each
// line.
func Numbered(seed, n int) []byte {
	const longest = 64 // of a line
	b := make([]byte, 0, n+longest)
	version := "version " + strconv.Itoa(seed) + " line "
	for i := 0; len(b) < n; i++ {
		b = strconv.AppendInt(append(b, version...), int64(i), 10)
		b = append(b, '\n')
	}
	return b[:n]
}

// bytesIn returns the bytes of an answer, or those of all its parts if it has
// parts.
func bytesIn(t *testing.T, resp *http.Response, body []byte) []byte {
	t.Helper()
	kind, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	if kind != "multipart/byteranges" {
		return body
	}
	var all []byte
	parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for {
		p, err := parts.NextPart()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(p)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
}
