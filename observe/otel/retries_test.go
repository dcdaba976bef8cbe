package otel

import (
	"net/http"
	"net/url"
	"testing"
)

// A request is the retry of a failed one if it asks for the rest of its bytes.
func TestRetries(t *testing.T) {
	r := func(method, url, rng string) failure {
		r, err := http.NewRequest(method, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if rng != "" {
			r.Header.Set("Range", "bytes="+rng)
		}
		return failureOf(r)
	}
	const at = "http://store.test/a"
	after := func(f failure, read int64) failure { f.read = read; return f }
	for _, tt := range []struct {
		name   string
		failed failure
		next   failure
		want   int
	}{
		{"again", r("GET", at, ""), r("GET", at, ""), 1},
		{"with another query", r("GET", at, ""), r("GET", at+"?versionId=1", ""), 1},
		{"another method", r("HEAD", at, ""), r("GET", at, ""), 0},
		{"another key", r("GET", at, ""), r("GET", at+"b", ""), 0},
		{"another store", r("GET", at, ""), r("GET", "http://other.test/a", ""), 0},
		{"the rest", after(r("GET", at, "100-199"), 50), r("GET", at, "150-199"), 1},
		{"part of what was read is asked for again", after(r("GET", at, "100-199"), 50), r("GET", at, "120-199"), 1},
		{"another part", after(r("GET", at, "100-199"), 50), r("GET", at, "200-299"), 0},
		{"behind what was read", after(r("GET", at, "100-199"), 50), r("GET", at, "151-199"), 0},
		{"before it", after(r("GET", at, "100-199"), 50), r("GET", at, "0-199"), 0},
		{"to another end", after(r("GET", at, "100-199"), 50), r("GET", at, "150-299"), 0},
		{"to the end", after(r("GET", at, "100-"), 50), r("GET", at, "150-299"), 1},
	} {
		d := &download{}
		d.failed(tt.failed)
		if got := d.retries(tt.next); got != tt.want {
			t.Errorf("%s: retry %d, want %d", tt.name, got, tt.want)
		}
		if again := d.retries(tt.next); again != 0 {
			t.Errorf("%s: a second request is retry %d, want 0", tt.name, again)
		}
	}
}

// However many requests fail and are not made again, few are remembered.
func TestFailuresAreFew(t *testing.T) {
	d := &download{}
	for range 1000 {
		d.failed(failure{})
	}
	if len(d.failures) != mostFailures {
		t.Errorf("%d failures are remembered, want %d", len(d.failures), mostFailures)
	}
}

func TestRangeOfAzure(t *testing.T) {
	h := http.Header{"X-Ms-Range": {"bytes=5-9"}}
	if f := failureOf(&http.Request{URL: mustURL(t), Header: h}); f.start != 5 || f.end != 9 {
		t.Errorf("%d to %d, want 5 to 9", f.start, f.end)
	}
}

func mustURL(t *testing.T) *url.URL {
	u, err := url.Parse("http://store.test/a")
	if err != nil {
		t.Fatal(err)
	}
	return u
}
