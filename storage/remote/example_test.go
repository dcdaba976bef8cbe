package remote_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/remote"
)

// In this example the origin has a private address, so the address and its port
// must be allowed.
func Example() {
	origin := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.URL.EscapedPath(), r.Header.Get("Range"), r.Header.Get("X-Api-Key"))
		w.Header().Set("ETag", `"v1"`)
		http.ServeContent(w, r, "", time.Time{}, strings.NewReader("region,total\n"))
	}))
	defer origin.Close()
	base, err := url.Parse(origin.URL + "/reports/")
	if err != nil {
		log.Fatal(err)
	}
	at := netip.MustParseAddrPort(base.Host)

	storage, err := remote.New(base, &remote.Options{
		Header: http.Header{"X-Api-Key": {"key"}},
		Allow: remote.Allow{
			Prefixes: []netip.Prefix{netip.PrefixFrom(at.Addr(), 32)},
			Ports:    []uint16{at.Port()},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer storage.CloseIdleConnections()

	file, err := storage.File("2026/q 3.csv")
	if err != nil {
		log.Fatal(err)
	}
	h, err := downloadview.OpenRange(context.Background(), file, -6, 0)
	if err != nil {
		log.Fatal(err)
	}
	defer h.Close()
	fi, err := h.Stat()
	if err != nil {
		log.Fatal(err)
	}
	content, err := io.ReadAll(h)
	fmt.Printf("%q of %d bytes, tag %s, %v\n", content, fi.Size(), downloadview.AttributesOf(fi).ETag, err)
	// Output:
	// GET /reports/2026/q%203.csv bytes=-6 key
	// "total\n" of 13 bytes, tag "v1", <nil>
}

// A URL from a database may point anywhere: an address that isn't public is
// refused before a byte is sent.
func ExampleFile() {
	for _, rawURL := range []string{"http://169.254.169.254/latest/meta-data", "file:///etc/passwd"} {
		file, err := remote.File(rawURL, nil)
		if err == nil {
			_, err = file.Open(context.Background())
		}
		fmt.Println(downloadview.StatusCode(err))
	}
	// Output:
	// 502
	// 404
}

// A Client of your own, here with other limits, that is guarded, too.
func ExampleGuardedTransport() {
	transport, err := remote.GuardedTransport(&remote.Options{HeaderTimeout: 5 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	transport.MaxConnsPerHost = 8
	client := &http.Client{Transport: transport} // or a transport around it, for tracing

	file, err := remote.File("http://127.0.0.1/q3.csv", &remote.Options{Client: client})
	if err != nil {
		log.Fatal(err)
	}
	_, err = file.Open(context.Background())
	fmt.Println(downloadview.StatusCode(err))
	// Output:
	// 502
}
