package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/downloadview/downloadview"
)

// Each request to a bucket with requester pays says that the requester pays: GET, HEAD
// and listings in the header, signed URLs in a parameter. The server checks that it is
// signed.
func TestRequesterPays(t *testing.T) {
	c := startS3(t)
	c.put(t, "d/a.txt", digits[:10])
	var mu sync.Mutex
	var unpaid, paid int
	store, err := url.Parse(c.s3.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Transport: &http.Transport{}, Rewrite: func(r *httputil.ProxyRequest) {
		mu.Lock()
		if r.In.Header.Get("X-Amz-Request-Payer") == "requester" || r.In.URL.Query().Get("x-amz-request-payer") == "requester" {
			paid++
		} else {
			unpaid++
		}
		mu.Unlock()
		r.SetURL(store)
		r.Out.Host = r.In.Host
	}}
	front := httptest.NewServer(proxy)
	defer front.Close()
	defer proxy.Transport.(*http.Transport).CloseIdleConnections()

	storage, release, err := open(t.Context(), parse(t, "s3://"+c.bucket+c.at(t, front.URL)+"&requester_pays=true"), reach())
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	f, err := storage.File("d/a.txt")
	if err != nil {
		t.Fatal(err)
	}
	h, err := f.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	h.Close()
	if _, err := downloadview.Stat(t.Context(), f); err != nil {
		t.Error(err)
	}
	for _, err := range downloadview.List(t.Context(), storage, "d") {
		if err != nil {
			t.Error(err)
		}
	}
	for _, method := range []string{"GET", "HEAD"} {
		u, _, err := downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequest(method, u, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || method == "GET" && string(body) != string(digits[:10]) {
			t.Errorf("%s of the signed URL: %s %s", method, resp.Status, body)
		}
		if !strings.Contains(u, "x-amz-request-payer=requester") {
			t.Errorf("%s says nothing of it", u)
		}
	}
	if unpaid > 0 || paid < 5 {
		t.Errorf("%d requests said it, %d didn't", paid, unpaid)
	}
	if _, _, err := open(t.Context(), parse(t, "s3://b?requester_pays=me"), reach()); err == nil || !strings.Contains(err.Error(), `"me"`) {
		t.Errorf("requester_pays=me: %v, want an error that names it", err)
	}
}
