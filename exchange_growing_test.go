package downloadview

import (
	"net/http"
	"slices"
	"testing"
)

// Of content that grows, a client gets a range only if it says that it takes what comes.
func TestRangesOfGrowingContent(t *testing.T) {
	const tag = `"v1"`
	for _, tt := range []struct {
		method, field, ifRange string
		want                   plan
	}{
		{"GET", "bytes=0-99", "", plan{status: 200}},
		{"GET", "bytes=900-999", tag, plan{status: 200}},
		{"GET", "bytes=900-1000", "", plan{status: 200}},
		{"GET", "bytes=900-549755813887", "", plan{status: 200}},
		{"GET", "bytes=900-549755813888", "", plan{206, []span{{900, 549755813888 - 899}}, true}},
		{"GET", "bytes=0-999999999999", "", plan{206, []span{{0, 1e12}}, true}},
		{"GET", "bytes=1000-9007199254740991", "", plan{206, []span{{1000, 9007199254740991 - 999}}, true}},
		{"GET", "bytes=1000-999999999999999999", tag, plan{206, []span{{1000, 999999999999999999 - 999}}, true}},
		{"GET", "bytes=1000-9007199254740991", `"v2"`, plan{status: 200}},
		{"GET", "bytes=1001-9007199254740991", "", plan{status: 200}},
		{"GET", "bytes=10-9999999999999999999", "", plan{status: 200}}, // can't be repeated
		{"GET", "bytes=10-", "", plan{206, []span{{10, 9007199254740991 - 9}}, true}},
		{"GET", "bytes=10-", tag, plan{status: 200}}, // the client takes the whole
		{"GET", "bytes=0-", "", plan{status: 200}},
		{"GET", "bytes=-5", "", plan{status: 200}},
		{"GET", "bytes=-0", "", plan{status: 200}},
		{"GET", "bytes=0-0,5-5", "", plan{status: 200}},
		{"GET", "bytes=5-4", "", plan{status: 200}},
		{"GET", "items=0-5", "", plan{status: 200}},
		{"GET", "", "", plan{status: 200}},
		{"HEAD", "bytes=0-", "", plan{206, []span{{0, 1000}}, true}},
		{"HEAD", "bytes=0-9007199254740991", "", plan{206, []span{{0, 1000}}, true}},
		{"HEAD", "bytes=10-", tag, plan{206, []span{{10, 990}}, true}},
		{"HEAD", "bytes=10-", `"v2"`, plan{status: 200}},
		{"HEAD", "bytes=0-99", "", plan{status: 200}},
		{"HEAD", "bytes=0-1000", "", plan{status: 200}},
		{"HEAD", "bytes=1000-", "", plan{status: 200}},
		{"POST", "bytes=0-99", "", plan{status: 200}},
	} {
		h := http.Header{}
		if tt.field != "" {
			h.Set("Range", tt.field)
		}
		if tt.ifRange != "" {
			h.Set("If-Range", tt.ifRange)
		}
		got := decide(tt.method, h, facts{size: -1, soFar: 1000, etag: tag})
		if got.status != tt.want.status || !slices.Equal(got.ranges, tt.want.ranges) || got.grows != tt.want.grows {
			t.Errorf("%s %s, If-Range %q: %+v, want %+v", tt.method, tt.field, tt.ifRange, got, tt.want)
		}
	}
	// A position is very large only in comparison with what is there.
	large := facts{size: -1, soFar: 1 << 40}
	if got := decide("GET", http.Header{"Range": {"bytes=5-1999999999999"}}, large); got.status != 200 {
		t.Errorf("a last position of less than twice what is there: %+v, want 200", got)
	}
	none := facts{size: -1, parts: manyParts}
	if got := decide("GET", http.Header{"Range": {"bytes=0-9007199254740991"}}, none); got.status != 200 {
		t.Errorf("content that doesn't grow: %+v, want 200", got)
	}
}
