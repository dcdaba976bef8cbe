package matrix_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob/s3blob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/faultproxy"
	printed "github.com/downloadview/downloadview/internal/proxies/site"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/storage/readahead"
	"github.com/downloadview/downloadview/storage/resume"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// bucketHandler serves the bucket "files" at an endpoint, in one of the compared ways.
func bucketHandler(t *testing.T, name, endpoint string) (http.Handler, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: 100, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	client := s3.New(s3.Options{
		BaseEndpoint: &endpoint,
		Region:       "us-east-1",
		UsePathStyle: true,
		HTTPClient:   &http.Client{Transport: transport},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "test", SecretAccessKey: "testtesttest"}, nil
		}),
	})
	key := func(r *http.Request) (string, error) { return strings.TrimPrefix(r.URL.Path, "/"), nil }
	view := downloadview.StorageView{Storage: s3bucket.New(client, "files", nil), Key: key}
	switch name {
	case "ours":
		return downloadview.NewHandler(view, nil), nil
	case "resume":
		view.Storage = resume.New(view.Storage, nil)
		return downloadview.NewHandler(view, nil), nil
	case "readahead":
		view.Storage = readahead.New(resume.New(view.Storage, nil), nil)
		return downloadview.NewHandler(view, nil), nil
	case "signed":
		a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: "s3://files", Destination: "/_s3/", Headers: accel.PassAll, Signed: &accel.Signed{}}}, nil)
		if err != nil {
			return nil, err
		}
		return downloadview.NewHandler(a.Middleware(view), nil), nil
	case "sdk":
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			key := r.URL.Path[1:]
			out, err := client.GetObject(r.Context(), &s3.GetObjectInput{Bucket: aws.String("files"), Key: &key})
			if err != nil {
				http.Error(w, "", http.StatusBadGateway)
				return
			}
			defer out.Body.Close()
			byHand(w.Header(), key, *out.ContentLength)
			io.Copy(w, out.Body)
		}), nil
	case "blob":
		bucket, err := s3blob.OpenBucket(t.Context(), client, "files", nil)
		if err != nil {
			return nil, err
		}
		t.Cleanup(func() { bucket.Close() })
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			key := r.URL.Path[1:]
			reader, err := bucket.NewReader(r.Context(), key, nil)
			if err != nil {
				http.Error(w, "", http.StatusBadGateway)
				return
			}
			defer reader.Close()
			byHand(w.Header(), key, reader.Size())
			io.Copy(w, reader)
		}), nil
	}
	return nil, fmt.Errorf("no application %q", name)
}

func byHand(h http.Header, name string, size int64) {
	h.Set("Content-Type", "application/pdf")
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Length", strconv.FormatInt(size, 10))
}

// Objects of a bucket, sent by this package and by the usual alternatives: the SDK's
// GetObject and io.Copy, io.Copy from a reader of the Go CDK, and nginx with a signed
// URL. They take turns. The results are the processor time of the processes between
// the client and the store, and its ratio to the SDK's.
func BenchmarkBucket(b *testing.B) {
	srv := s3test.Start(b)
	for _, o := range []struct {
		name  string
		size  int
		batch int
	}{{"1KiB", 1 << 10, 200}, {"1MiB", 1 << 20, 40}, {"1GiB", 1 << 30, 1}} {
		if _, err := srv.Client.PutObject(b.Context(), &s3.PutObjectInput{
			Bucket: &srv.Bucket, Key: aws.String(o.name), Body: readable(b, o.size), ContentLength: aws.Int64(int64(o.size)),
		}); err != nil {
			b.Fatal(err)
		}
		b.Run(o.name, func(b *testing.B) {
			var contenders []*contender
			names := []string{"sdk", "ours", "resume", "blob"}
			for _, name := range names {
				addr, pid := startApp(b, "bucket-"+name, "tcp", srv.Endpoint)
				c := &contender{addr: addr, pids: []int{pid}}
				c.connect(b)
				contenders = append(contenders, c)
			}
			names = append(names, "signed")
			contenders = append(contenders, start(b, "bucket-signed", "unix", srv.Endpoint, func(s *printed.Site) {
				s.Rules = []printed.Rule{{Rule: accel.Rule{Name: "s3", Source: "s3://files", Destination: "/_s3/", Signed: &accel.Signed{}}}}
			}, nil))
			used := make([]float64, len(names))
			ratios := make([][]float64, len(names))
			turns := 0.0
			for b.Loop() {
				turn := make([]float64, len(names))
				for i, c := range contenders {
					c.conn.Close()
					c.connect(b)
					before := c.cpu(b)
					for range o.batch {
						if n := c.ask(b, "/"+o.name); n != int64(o.size) {
							b.Fatalf("%s: %d bytes, want %d", names[i], n, o.size)
						}
					}
					turn[i] = (c.cpu(b) - before) / float64(o.batch)
					used[i] += turn[i]
				}
				for i := range turn {
					ratios[i] = append(ratios[i], turn[i]/turn[0])
				}
				turns++
			}
			b.ReportMetric(0, "ns/op") // of all, and of the client
			for i, name := range names {
				slices.Sort(ratios[i])
				b.ReportMetric(used[i]/turns/1e3, name+"-cpu-µs/req")
				if i > 0 {
					b.ReportMetric(ratios[i][len(ratios[i])/2], name+"-ratio")
				}
			}
		})
	}
}

// The same with a store that is 20 ms away and sends 50 MB/s on each connection. The
// results are the time of a download, and its ratio to the SDK's.
func BenchmarkDistantBucket(b *testing.B) {
	srv := s3test.Start(b)
	distant := faultproxy.Start(b, strings.TrimPrefix(srv.Endpoint, "http://"))
	distant.On(0, faultproxy.Gets, faultproxy.Slow(20*time.Millisecond, 50_000_000))
	for _, o := range []struct {
		name string
		size int
	}{{"1KiB", 1 << 10}, {"1MiB", 1 << 20}, {"256MiB", 256 << 20}} {
		if _, err := srv.Client.PutObject(b.Context(), &s3.PutObjectInput{
			Bucket: &srv.Bucket, Key: aws.String(o.name), Body: readable(b, o.size), ContentLength: aws.Int64(int64(o.size)),
		}); err != nil {
			b.Fatal(err)
		}
		b.Run(o.name, func(b *testing.B) {
			names := []string{"sdk", "ours", "resume", "readahead", "blob", "signed"}
			var contenders []*contender
			for _, name := range names[:5] {
				addr, pid := startApp(b, "bucket-"+name, "tcp", distant.URL)
				contenders = append(contenders, &contender{addr: addr, pids: []int{pid}})
			}
			contenders = append(contenders, start(b, "bucket-signed", "unix", distant.URL, func(s *printed.Site) {
				s.Rules = []printed.Rule{{Rule: accel.Rule{Name: "s3", Source: "s3://files", Destination: "/_s3/", Signed: &accel.Signed{}}}}
			}, nil))
			took := make([]float64, len(names))
			turns := 0.0
			for b.Loop() {
				for i, c := range contenders {
					c.connect(b)
					from := time.Now()
					if n := c.ask(b, "/"+o.name); n != int64(o.size) {
						b.Fatalf("%s: %d bytes, want %d", names[i], n, o.size)
					}
					took[i] += time.Since(from).Seconds()
					c.conn.Close()
				}
				turns++
			}
			b.ReportMetric(0, "ns/op") // of all
			for i, name := range names {
				b.ReportMetric(took[i]/turns*1e3, name+"-ms")
			}
		})
	}
}

// The application's cost of a hand-over by a signed URL from its cache, compared with
// a hand-over without a URL.
func BenchmarkSignedHandover(b *testing.B) {
	dir := benchFile(b, 1<<10)
	var contenders [2]*contender
	for i, what := range [2][2]string{{"bucket-signed", "http://127.0.0.1:1"}, {"ours", dir}} {
		addr, pid := startApp(b, what[0], "tcp", what[1])
		contenders[i] = &contender{addr: addr, pids: []int{pid}}
		contenders[i].connect(b)
	}
	var ratios []float64
	for b.Loop() {
		var turn [2]float64
		for i, c := range contenders {
			before := c.cpu(b)
			for range 200 {
				c.ask(b, "/report.pdf")
			}
			turn[i] = c.cpu(b) - before
		}
		ratios = append(ratios, turn[0]/turn[1])
	}
	slices.Sort(ratios)
	b.ReportMetric(0, "ns/op") // of both, and of the client
	b.ReportMetric(ratios[len(ratios)/2], "cpu-ratio")
}

// cpu returns the processor time of all processes of the contender.
func (c *contender) cpu(b *testing.B) (ns float64) {
	b.Helper()
	for _, pid := range c.pids {
		ns += cpu(b, pid)
	}
	return ns
}

// readable is a file with the given number of bytes.
func readable(b *testing.B, size int) io.Reader {
	b.Helper()
	f, err := os.CreateTemp(b.TempDir(), "")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { f.Close() })
	if err := f.Truncate(int64(size)); err != nil {
		b.Fatal(err)
	}
	return f
}
