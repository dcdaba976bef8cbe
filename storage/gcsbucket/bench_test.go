package gcsbucket_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/downloadview/downloadview/internal/gcstest"
	"github.com/downloadview/downloadview/storage/gcsbucket"
)

// BenchmarkOpen reads a MiB from a store on loopback: with this package, and
// with net/http alone.
func BenchmarkOpen(b *testing.B) {
	srv := gcstest.Start(b)
	const size = 1 << 20
	srv.Put(b, "a", make([]byte, size))
	f, err := gcsbucket.New(srv.Client, srv.Bucket, nil).File("a")
	if err != nil {
		b.Fatal(err)
	}
	bare := &http.Client{Transport: &http.Transport{}}
	defer bare.CloseIdleConnections()
	for name, open := range map[string]func() (io.ReadCloser, error){
		"gcsbucket": func() (io.ReadCloser, error) { return f.Open(b.Context()) },
		"net/http": func() (io.ReadCloser, error) {
			resp, err := bare.Get(srv.Counted + "/" + srv.Bucket + "/a")
			if err != nil {
				return nil, err
			}
			return resp.Body, nil
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				r, err := open()
				if err != nil {
					b.Fatal(err)
				}
				if n, err := io.Copy(io.Discard, r); n != size || err != nil {
					b.Fatal(n, err)
				}
				r.Close()
			}
		})
	}
}
