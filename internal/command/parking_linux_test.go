package command

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A stalled client has read nothing until its download was parked.
type stalled struct {
	net.Conn
	*bufio.Reader
}

// returned are the handlers of downloads that have returned.
var returned = regexp.MustCompile(`(?m)^http_server_request_duration_seconds_count\{[^}]*http_response_status_code="200"[^}]*\} 1$`)

// startParking serves a large file, with metrics at the URL that it returns.
func startParking(t *testing.T, args ...string) (*process, string) {
	t.Helper()
	p := start(t, append(args, "--metrics=127.0.0.1:0", largeFolder(t))...)
	return p, p.metricsURL(t) + "/metrics"
}

func (p *process) stall(t *testing.T, metrics, before string) *stalled {
	t.Helper()
	c, err := dial(p.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if _, err := io.WriteString(c, before+"GET /large HTTP/1.1\r\nHost: any.example\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, text := fetchText(t, metrics); returned.MatchString(text) {
			break
		}
		if time.Now().After(end) {
			t.Fatal("the handler doesn't return: the download is not parked")
		}
	}
	return &stalled{c, bufio.NewReader(c)}
}

// rest reads the answer. The server closes the connection after an answer that was parked,
// and keeps it otherwise.
func (s *stalled) rest(t *testing.T) (int64, error) {
	t.Helper()
	resp, err := http.ReadResponse(s.Reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, resp.Body)
	if err == nil {
		_ = s.Conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := s.ReadByte(); err != io.EOF {
			t.Errorf("after the answer: %v, want EOF; the download was not parked", err)
		}
	}
	return n, err
}

// A parked download counts until it is over: for the limits, in the metrics, and in the
// log.
func TestParkedDownloadsCount(t *testing.T) {
	proxied := "PROXY TCP4 192.0.2.1 192.0.2.2 1000 80\r\n"
	for name, tt := range map[string]struct {
		args   []string
		before string
	}{
		"tcp":            {},
		"least rate":     {args: []string{"--least-rate=1"}},
		"unix":           {args: []string{"--listen=unix:" + filepath.Join(t.TempDir(), "s")}},
		"PROXY protocol": {args: []string{"--proxy-protocol", "--trusted-proxies=127.0.0.1"}, before: proxied},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, at := startParking(t, append(tt.args, "--max-downloads=1", "--max-wait=1ms")...)
			s := p.stall(t, at, tt.before)
			if _, metrics := fetchText(t, at); sample(t, metrics, "downloadview_downloads_open ") != 1 {
				t.Error("the download is not open in the metrics")
			}
			if got := say(t, p, tt.before+"GET /large HTTP/1.0\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.0 503") {
				t.Errorf("a second download: %.20q, want 503", got)
			}
			if n, err := s.rest(t); n != large || err != nil {
				t.Errorf("read %d bytes, %v; want %d", n, err, large)
			}
			line, _ := p.await("bytes=67108864")
			if !strings.Contains(line, "status=200") || strings.Contains(line, "aborted_by") {
				t.Errorf("the log says %q", line)
			}
			if tt.before != "" && !strings.Contains(line, "remote=192.0.2.1") {
				t.Errorf("the log says %q, want the client's address", line)
			}
			if got := say(t, p, tt.before+"GET /missing HTTP/1.0\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.0 404") {
				t.Errorf("after the download: %.20q, want 404", got)
			}
			if _, metrics := fetchText(t, at); sample(t, metrics, "downloadview_downloads_open ") != 0 {
				t.Error("the download is still open in the metrics")
			}
		})
	}
}

// After a signal, a parked download may end, or is cut off after the grace period. Its
// client sees which of them it is.
func TestSignalWaitsForParkedDownloads(t *testing.T) {
	t.Run("grace", func(t *testing.T) {
		t.Parallel()
		p, at := startParking(t, "--grace=24h")
		s := p.stall(t, at, "")
		p.signal(t, syscall.SIGTERM)
		p.mustAwait(t, "stopping")
		if n, err := s.rest(t); n != large || err != nil {
			t.Errorf("read %d bytes, %v; want %d", n, err, large)
		}
		p.mustAwait(t, "bytes=67108864")
		if got := p.wait(); got != exitOK {
			t.Errorf("exit status = %d", got)
		}
	})
	t.Run("cut", func(t *testing.T) {
		t.Parallel()
		p, at := startParking(t, "--grace=1ms")
		s := p.stall(t, at, "")
		p.signal(t, syscall.SIGTERM)
		p.mustAwait(t, "running downloads are cut off")
		p.mustAwait(t, "aborted_by=shutdown")
		if got := p.wait(); got != exitOK {
			t.Errorf("exit status = %d", got)
		}
		resp, err := http.ReadResponse(s.Reader, nil)
		if err != nil {
			return // reset
		}
		if n, err := io.Copy(io.Discard, resp.Body); err == nil {
			t.Errorf("the download ended well after %d bytes", n)
		}
	})
	t.Run("second signal", func(t *testing.T) {
		t.Parallel()
		p, at := startParking(t, "--grace=24h")
		s := p.stall(t, at, "")
		p.signal(t, syscall.SIGTERM)
		p.mustAwait(t, "stopping")
		p.signal(t, syscall.SIGTERM)
		p.mustAwait(t, "running downloads are cut off")
		if got := p.wait(); got != exitOK {
			t.Errorf("exit status = %d", got)
		}
		if resp, err := http.ReadResponse(s.Reader, nil); err == nil {
			if n, err := io.Copy(io.Discard, resp.Body); err == nil {
				t.Errorf("the download ended well after %d bytes", n)
			}
		}
	})
	t.Run("stall", func(t *testing.T) {
		t.Parallel()
		p, at := startParking(t, "--stall-timeout=4s")
		p.stall(t, at, "")
		p.mustAwait(t, "aborted_by=stall")
	})
}
