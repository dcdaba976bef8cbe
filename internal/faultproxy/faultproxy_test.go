package faultproxy_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	. "github.com/downloadview/downloadview/internal/faultproxy"
)

// Without a fault, requests and answers are passed on unchanged, including Host
// and unusual paths.
func TestPasses(t *testing.T) {
	var got *http.Request
	var sent []byte
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r
		sent, _ = io.ReadAll(r.Body)
		w.Header().Set("ETag", `"v1"`)
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, "answer")
	}))
	defer backend.Close()
	p := Start(t, strings.TrimPrefix(backend.URL, "http://"))
	req, err := http.NewRequestWithContext(t.Context(), "PUT", p.URL+"/a//b%2Fc+%41?x=%20", bytes.NewReader([]byte("content")))
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "store.test"
	req.Header.Set("Range", "bytes=0-1")
	req.Header.Set("If-Match", `"v1"`)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if resp.StatusCode != 202 || resp.Header.Get("ETag") != `"v1"` || string(body) != "answer" || err != nil {
		t.Errorf("%s, %q, %q, %v", resp.Status, resp.Header, body, err)
	}
	if got.Host != "store.test" || got.RequestURI != "/a//b%2Fc+%41?x=%20" || string(sent) != "content" {
		t.Errorf("the store got %q for %q with %q", got.RequestURI, got.Host, sent)
	}
	want := []Request{{"PUT", "/a//b%2Fc+%41", "bytes=0-1", `"v1"`}}
	if noted := p.Requests(); !slices.Equal(noted, want) {
		t.Errorf("noted %+v, want %+v", noted, want)
	}
}

// Each fault applies to the request with the given number, counted among those
// that match.
func TestOn(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {}))
	defer backend.Close()
	p := Start(t, strings.TrimPrefix(backend.URL, "http://"))
	status := func(method string) int {
		resp, _, err := ask(t, p.URL, method)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode
	}
	p.On(2, Gets, Status(500, ""))
	p.On(3, nil, Status(501, ""))
	p.On(0, nil, Status(502, ""))
	var got []int
	for _, method := range []string{"GET", "HEAD", "GET", "GET"} {
		got = append(got, status(method))
	}
	p.Reset()
	got = append(got, status("GET"))
	if want := []int{502, 502, 500, 502, 200}; !slices.Equal(got, want) {
		t.Errorf("answers %v, want %v", got, want)
	}
	if n := len(p.Requests()); n != 1 {
		t.Errorf("%d requests since Reset, want 1", n)
	}
}
