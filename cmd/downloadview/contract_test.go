package main

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/faultproxy"
	"github.com/downloadview/downloadview/internal/testserver"
)

var digits = bytes.Repeat([]byte("0123456789"), 300_000)

// A download from a bucket needs one request to the store, or none.
func TestBucketIsServed(t *testing.T) {
	clouds(t, func(t *testing.T, c *cloud) {
		for _, key := range []string{"2026/a b+c%41.txt", "a//b", "/c"} {
			c.put(t, key, digits)
		}
		l := serve(t, c.url(t))
		if n := len(c.faults.Requests()); n != 0 {
			t.Errorf("it asked the store %d times to start", n)
		}
		const path = "/2026/a%20b+c%2541.txt"
		tag := l.ask(t, "HEAD", path).Header.Get("ETag")
		if !strings.HasPrefix(tag, `"`) {
			t.Fatalf("entity tag %s", tag)
		}
		text := string(digits)
		for _, tt := range []struct {
			name, method, path string
			header             []string
			status             int
			body               string
			requests           int
		}{
			{"whole", "GET", path, nil, 200, text, 1},
			{"range", "GET", path, []string{"Range", "bytes=10-29"}, 206, text[10:30], 1},
			{"suffix", "GET", path, []string{"Range", "bytes=-5"}, 206, "56789", c.suffix},
			{"head", "HEAD", path, nil, 200, "", 1},
			{"not modified", "GET", path, []string{"If-None-Match", tag}, 304, "", 1},
			{"two slashes", "GET", "/a//b", []string{"Range", "bytes=0-1"}, 206, "01", 1},
			{"a slash in front", "GET", "//c", []string{"Range", "bytes=0-1"}, 206, "01", 1},
			{"missing", "GET", "/none", nil, 404, "Not Found\n", 1},
			{"trailing slash", "GET", path + "/", nil, 404, "Not Found\n", 0},
			{"up", "GET", "/x/..%2fc", nil, 404, "Not Found\n", 0},
			{"control character", "GET", "/a%0ab", nil, 404, "Not Found\n", c.newline},
			{"NUL", "GET", "/a%00b", nil, 404, "Not Found\n", 0},
			{"101 ranges", "GET", path, []string{"Range", "bytes=0-0" + ranges(101)}, 200, text, -1},
		} {
			c.faults.Reset()
			got := l.ask(t, tt.method, tt.path, tt.header...)
			if got.StatusCode != tt.status || got.body != tt.body || got.err != nil {
				t.Errorf("%s: %d with %d bytes, %v; want %d with %d", tt.name, got.StatusCode, len(got.body), got.err, tt.status, len(tt.body))
			}
			if n := len(c.faults.Requests()); tt.requests >= 0 && n != tt.requests {
				t.Errorf("%s: %d requests to the store, want %d: %v", tt.name, n, tt.requests, c.faults.Requests())
			}
		}
	})
}

// ranges returns n more ranges, which don't touch.
func ranges(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, ",%d-%[1]d", 1000*(i+1))
	}
	return b.String()
}

// A failure of the store determines the status and a line in the log, and nothing else
// of it reaches the client.
func TestBucketFails(t *testing.T) {
	clouds(t, func(t *testing.T, c *cloud) {
		c.put(t, "secret-report.txt", digits)
		for _, tt := range []struct {
			name     string
			fault    faultproxy.Fault
			status   int
			requests int
			after    string // Retry-After
			log      string
		}{
			{"silent", faultproxy.Mute(), 504, 3, "", "waited"},
			{"throttled", faultproxy.Status(503, "<Error><Code>SlowDown</Code></Error>", "Retry-After", "7"), 503, 1, "7", "status=503"},
			{"too many requests", faultproxy.Status(429, "", "Retry-After", "9"), 503, 1, "9", "status=503"},
			{"broken", faultproxy.Status(500, "oops at secret.internal"), 502, 3, "", "status=502"},
			{"no answer", faultproxy.Raw("SSH-2.0-OpenSSH\r\n"), 502, 3, "", "status=502"},
			{"another range", faultproxy.Status(206, "0123", "Content-Range", "bytes 0-3/10"), 502, 3, "", "status=502"},
			{"denied", c.denied, 404, 1, "", "access denied"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				c.faults.Reset()
				c.faults.On(0, nil, tt.fault)
				args := []string{c.url(t)}
				if tt.name == "silent" {
					args = append(args, "--first-byte-timeout=200ms")
				}
				l := serve(t, args...)
				got := l.get(t, "/secret-report.txt")
				if got.StatusCode != tt.status || got.Header.Get("Retry-After") != tt.after {
					t.Errorf("%d, Retry-After %q; want %d, %q", got.StatusCode, got.Header.Get("Retry-After"), tt.status, tt.after)
				}
				if n := len(c.faults.Requests()); n != tt.requests {
					t.Errorf("%d requests, want %d", n, tt.requests)
				}
				if !strings.Contains(l.log(), tt.log) {
					t.Errorf("the log doesn't say %q", tt.log)
				}
				c.checkSilence(t, l, got)
				if tt.name == "denied" {
					if got := l.ask(t, "HEAD", "/secret-report.txt"); got.StatusCode != 404 {
						t.Errorf("HEAD: %d, want 404", got.StatusCode)
					}
				}
			})
		}
		c.faults.Reset()
		t.Run("missing bucket", func(t *testing.T) {
			l := serve(t, c.scheme+"://absent"+c.at(t, c.faults.URL))
			got := l.get(t, "/secret-report.txt")
			if got.StatusCode != 404 {
				t.Errorf("%d, want 404", got.StatusCode)
			}
			c.checkSilence(t, l, got)
		})
		t.Run("dead endpoint", func(t *testing.T) {
			dead := fmt.Sprintf("http://127.0.0.1:%d", testserver.FreePort(t))
			l := serve(t, c.scheme+"://"+c.bucket+c.at(t, dead))
			got := l.get(t, "/secret-report.txt")
			if got.StatusCode != 502 {
				t.Errorf("%d, want 502", got.StatusCode)
			}
			c.checkSilence(t, l, got, address(dead))
		})
		t.Run("wrong credentials", func(t *testing.T) {
			c.faults.Reset()
			where := c.url(t)
			c.wrong(t, c.faults)
			l := serve(t, where)
			for _, method := range []string{"GET", "HEAD"} {
				got := l.ask(t, method, "/secret-report.txt")
				if got.StatusCode != 502 {
					t.Errorf("%s: %d, want 502", method, got.StatusCode)
				}
				c.checkSilence(t, l, got, "anothersecret", "YW5vdGhlciBrZXk=")
			}
		})
	})
}

// checkSilence fails if an answer has details of the store, or if the log has secrets.
func (c *cloud) checkSilence(t *testing.T, l *living, a answer, also ...string) {
	t.Helper()
	var told strings.Builder
	a.Response.Header.Write(&told)
	told.WriteString(a.body)
	for _, s := range append([]string{address(c.faults.URL), c.bucket + "/", "secret", "absent", "bucket", "AccessDenied"}, append(also, c.secrets...)...) {
		if strings.Contains(told.String(), s) {
			t.Errorf("the answer tells of %q:\n%s", s, &told)
		}
	}
	for _, s := range append(c.secrets, "anothersecret", "YW5vdGhlciBrZXk=", "Signature=", "sig=") {
		if strings.Contains(l.log(), s) {
			t.Errorf("the log tells the secret %q:\n%s", s, l.log())
		}
	}
}

// A download continues if its connection to the store breaks.
func TestBucketGoesOn(t *testing.T) {
	clouds(t, func(t *testing.T, c *cloud) {
		c.put(t, "a.bin", digits)
		l := serve(t, "--silence-timeout=1s", c.url(t))
		for name, fault := range map[string]faultproxy.Fault{
			"reset":   faultproxy.Cut(1_000_000, faultproxy.RST),
			"ended":   faultproxy.Cut(1_000_000, faultproxy.FIN),
			"silence": faultproxy.Cut(1_000_000, faultproxy.Silence),
		} {
			c.faults.Reset()
			c.faults.On(1, faultproxy.Gets, fault)
			got := l.get(t, "/a.bin")
			if got.body != string(digits) || got.err != nil {
				t.Errorf("%s: %d bytes, %v; want all %d", name, len(got.body), got.err, len(digits))
			}
			if requests := c.faults.Requests(); len(requests) != 2 {
				t.Errorf("%s: %d requests, want 2: %v", name, len(requests), requests)
			}
		}
		c.faults.Reset()
		c.faults.On(1, faultproxy.Gets, faultproxy.Cut(1_000_000, faultproxy.RST))
		c.faults.On(2, faultproxy.Gets, faultproxy.Status(500, ""))
		c.faults.On(3, faultproxy.Gets, faultproxy.Status(500, ""))
		c.faults.On(4, faultproxy.Gets, faultproxy.Status(500, ""))
		got := l.get(t, "/a.bin")
		if got.err == nil || len(got.body) >= len(digits) {
			t.Errorf("a store that stays away: %d bytes, %v; want it cut off", len(got.body), got.err)
		}
	})
}

// With --read-ahead a large object is fetched in parts, and a small one isn't.
func TestBucketIsReadAhead(t *testing.T) {
	clouds(t, func(t *testing.T, c *cloud) {
		c.put(t, "large", digits)
		c.put(t, "small", digits[:1000])
		l := serve(t, "--read-ahead=3", "--read-ahead-part=500kB", "--read-ahead-memory=1MB", c.url(t))
		for path, want := range map[string]int{"/large": 6, "/small": 1} {
			c.faults.Reset()
			got := l.get(t, path)
			if got.StatusCode != http.StatusOK || got.err != nil || !bytes.HasPrefix(digits, []byte(got.body)) || len(got.body) < 1000 {
				t.Errorf("%s: %d with %d bytes, %v", path, got.StatusCode, len(got.body), got.err)
			}
			if n := len(c.faults.Requests()); n != want {
				t.Errorf("%s: %d requests, want %d", path, n, want)
			}
		}
	})
}
