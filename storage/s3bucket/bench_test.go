package s3bucket_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// BenchmarkSign measures signing a URL, compared with the SDK's presign client, and
// the rest of the cost if accel caches the URLs: the whole answer of the
// application, compared with one that hands over without a signature.
func BenchmarkSign(b *testing.B) {
	s := s3bucket.New(offline(), "bkt", nil)
	f, err := s.File("2026/report.pdf")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("cold", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := downloadview.SignedURL(b.Context(), f, downloadview.SignOptions{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("SDK", func(b *testing.B) {
		client := s3.NewPresignClient(offline())
		b.ReportAllocs()
		for b.Loop() {
			if _, err := client.PresignGetObject(b.Context(), &s3.GetObjectInput{Bucket: aws.String("bkt"), Key: aws.String("2026/report.pdf")}); err != nil {
				b.Fatal(err)
			}
		}
	})
	answer := func(signed *accel.Signed) func(b *testing.B) {
		return func(b *testing.B) {
			a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: "s3://bkt", Destination: "/_s3/", Signed: signed}}, nil)
			if err != nil {
				b.Fatal(err)
			}
			h := downloadview.NewHandler(a.Middleware(downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
				return downloadview.Response{File: f}, nil
			})), nil)
			r, err := http.NewRequestWithContext(b.Context(), "GET", "/report", nil)
			if err != nil {
				b.Fatal(err)
			}
			w := headerOnly{http.Header{}}
			h.ServeHTTP(w, r)
			if w.h.Get("X-Accel-Redirect") == "" {
				b.Fatalf("header %v, want a hand-over", w.h)
			}
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(headerOnly{make(http.Header, 8)}, r)
			}
		}
	}
	b.Run("warm", answer(&accel.Signed{}))
	b.Run("plain", answer(nil))
}

// headerOnly makes a new header for each exchange, as a server does.
type headerOnly struct{ h http.Header }

func (w headerOnly) Header() http.Header         { return w.h }
func (w headerOnly) WriteHeader(int)             {}
func (w headerOnly) Write(p []byte) (int, error) { return len(p), nil }

// BenchmarkOpen compares a read with the SDK's own, and with one in which the
// SDK verifies the bytes.
func BenchmarkOpen(b *testing.B) {
	srv := s3test.Start(b)
	srv.Put(b, "a", buckettest.Numbered(1, 16<<20), func(in *s3.PutObjectInput) {
		in.ChecksumAlgorithm = types.ChecksumAlgorithmSha256
	})
	srv.Put(b, "small", buckettest.Numbered(1, 1<<10))
	s := s3bucket.New(srv.Client, srv.Bucket, nil)
	buf := make([]byte, 256<<10)
	sdk := func(mode types.ChecksumMode) func(key string) (io.ReadCloser, error) {
		return func(key string) (io.ReadCloser, error) {
			out, err := srv.Client.GetObject(b.Context(), &s3.GetObjectInput{
				Bucket: &srv.Bucket, Key: aws.String(key), ChecksumMode: mode,
			})
			if err != nil {
				return nil, err
			}
			return out.Body, nil
		}
	}
	for name, open := range map[string]func(key string) (io.ReadCloser, error){
		"ours": func(key string) (io.ReadCloser, error) {
			f, err := s.File(key)
			if err != nil {
				return nil, err
			}
			return f.Open(b.Context())
		},
		"SDK":            sdk(""),
		"SDK validating": sdk(types.ChecksumModeEnabled),
	} {
		for size, key := range map[string]string{"1KiB": "small", "16MiB": "a"} {
			b.Run(name+"/"+size, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					body, err := open(key)
					if err != nil {
						b.Fatal(err)
					}
					n, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{body}, buf)
					if err != nil {
						b.Fatal(err)
					}
					body.Close()
					b.SetBytes(n)
				}
			})
		}
	}
}
