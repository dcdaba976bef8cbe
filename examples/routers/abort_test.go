package routers

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	gzipped "github.com/gin-contrib/gzip"
	"github.com/gin-gonic/gin"
	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/klauspost/compress/gzhttp"
	"github.com/labstack/echo/v5"
	echomiddleware "github.com/labstack/echo/v5/middleware"
	"github.com/quic-go/quic-go/http3"

	"github.com/downloadview/downloadview"
)

// A breaking file fails in the middle.
type breaking struct{ size int64 }

func (breaking) Name() string { return "breaking.bin" }

func (f breaking) Open(context.Context) (fs.File, error) {
	begin := strings.NewReader(strings.Repeat("0123456789abcdef", 1<<14))
	return breakingHandle{f, io.MultiReader(begin, failing{})}, nil
}

type breakingHandle struct {
	file breaking
	io.Reader
}

func (h breakingHandle) Close() error { return nil }

func (h breakingHandle) Stat() (fs.FileInfo, error) {
	return downloadview.Attributes{Size: h.file.size}.FileInfo(h.file.Name()), nil
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the disk broke") }

// overHTTP3 serves the handler of s over HTTP/3, as gin's RunQUIC does.
func overHTTP3(t *testing.T, s *httptest.Server) (url string, client http.RoundTripper) {
	t.Helper()
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http3.Server{Handler: s.Config.Handler, TLSConfig: http3.ConfigureTLSConfig(&tls.Config{Certificates: s.TLS.Certificates})}
	go server.Serve(l)
	transport := &http3.Transport{TLSClientConfig: s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()}
	transport.TLSClientConfig.NextProtos = nil
	t.Cleanup(func() {
		transport.Close()
		server.Close()
		l.Close()
	})
	return "https://" + l.LocalAddr().String(), transport
}

// No client takes a download that broke off for complete, although routers handle the
// panic that ends it in different ways.
func TestABrokenDownloadIsNeverWhole(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	options := &downloadview.Options{Logger: slog.New(slog.DiscardHandler)}
	for _, size := range []int64{1 << 20, -1} {
		view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
			return downloadview.Response{File: breaking{size}, ContentType: "text/plain"}, nil // which compressors like
		})
		h := downloadview.NewHandler(view, options)

		onGin := gin.New()
		onGin.Use(gin.RecoveryWithWriter(io.Discard))
		onGin.GET("/", gin.WrapH(h))

		ownGin := gin.New()
		ownGin.Use(gin.CustomRecoveryWithWriter(io.Discard, func(c *gin.Context, _ any) {
			c.String(http.StatusInternalServerError, strings.Repeat("sorry ", 1000))
		}))
		ownGin.GET("/", gin.WrapH(h))

		packedGin := gin.New()
		packedGin.Use(gin.RecoveryWithWriter(io.Discard), gzipped.Gzip(gzipped.DefaultCompression))
		packedGin.GET("/", gin.WrapH(h))

		onChi := chi.NewRouter()
		onChi.Use(middleware.Recoverer)
		onChi.Handle("/", h)

		packedChi := chi.NewRouter()
		packedChi.Use(middleware.Recoverer, middleware.Compress(5))
		packedChi.Handle("/", h)

		onEcho := echo.New()
		onEcho.Use(echomiddleware.Recover())
		onEcho.GET("/", echo.WrapHandler(h))

		packedEcho := echo.New()
		packedEcho.Use(echomiddleware.Recover(), echomiddleware.Gzip())
		packedEcho.GET("/", echo.WrapHandler(h))

		for name, router := range map[string]http.Handler{
			"gin": onGin, "gin with an error page": ownGin, "gin, packed": packedGin,
			"chi": onChi, "chi, packed": packedChi,
			"echo": onEcho, "echo, packed": packedEcho,
			"mux, packed": gzhttp.GzipHandler(h),
		} {
			for _, proto := range []string{"HTTP/1.1", "HTTP/2.0", "HTTP/3.0"} {
				s := httptest.NewUnstartedServer(router)
				s.EnableHTTP2 = proto == "HTTP/2.0"
				s.StartTLS()
				url, transport := s.URL, s.Client().Transport
				if proto == "HTTP/3.0" {
					url, transport = overHTTP3(t, s)
				}
				req, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
				if err != nil {
					t.Fatal(err)
				}
				resp, err := transport.RoundTrip(req)
				if err == nil {
					if resp.Proto != proto {
						t.Fatalf("spoke %s, want %s", resp.Proto, proto)
					}
					_, err = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
				if err == nil {
					t.Errorf("%s, %s, size %d: the client takes the download for whole", name, proto, size)
				}
				s.Close()
			}
		}
	}
}

// Over HTTP/3 an answer without a body says no length that the file doesn't have.
func TestAnswersWithoutABodyOverHTTP3(t *testing.T) {
	made := downloadview.FromFunc("made.txt", func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, "0123456789")
		return err
	}, &downloadview.Attributes{ETag: `"1"`})
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: made}, nil
	})
	s := httptest.NewTLSServer(downloadview.NewHandler(view, nil))
	defer s.Close()
	url, transport := overHTTP3(t, s)
	for _, tt := range []struct {
		method, tag string
		status      int
		body        string
	}{{"GET", "", 200, "0123456789"}, {"HEAD", "", 200, ""}, {"GET", `"1"`, 304, ""}, {"HEAD", `"1"`, 304, ""}} {
		req, err := http.NewRequestWithContext(t.Context(), tt.method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tt.tag != "" {
			req.Header.Set("If-None-Match", tt.tag)
		}
		resp, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		length := resp.Header["Content-Length"]
		if resp.StatusCode != tt.status || string(body) != tt.body || err != nil || tt.body == "" && length != nil {
			t.Errorf("%s %s: %s, %q, %v, Content-Length %q; want %d, and a length only with a body", tt.method, tt.tag, resp.Status, body, err, length, tt.status)
		}
	}
}
