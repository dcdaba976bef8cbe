package buckettest

import (
	"bytes"
	"slices"
	"testing"

	"github.com/downloadview/downloadview"
)

const size = 100_000 // of the served object, in bytes

// Downloads checks the number and kind of the requests that each kind of
// download makes to the store.
func Downloads(t *testing.T, b Bucket) {
	object := Numbered(1, size)
	b.put(t, "a b.txt", object)
	b.put(t, "empty", nil)
	url := Serve(t, b.Storage)
	tag := tagOf(t, b.Storage, "a b.txt")
	for _, d := range downloads(object, tag) {
		t.Run(d.name, func(t *testing.T) {
			b.Reset()
			resp, body, err := Get(t, d.method, url+d.path, d.fields...)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != d.status {
				t.Errorf("status %d, want %d", resp.StatusCode, d.status)
			}
			if resp.StatusCode < 300 && d.method == "GET" {
				if got := bytesIn(t, resp, body); !bytes.Equal(got, d.body) {
					t.Errorf("%d bytes arrive, or other ones; want %d", len(got), len(d.body))
				}
				if got := resp.Header.Get("ETag"); d.path != "/empty" && got != tag {
					t.Errorf("tag %s, want %s", got, tag)
				}
			}
			want := d.asks
			if other, ok := b.Asks[d.name]; ok {
				want = other
			}
			if got := b.Requests(); !slices.Equal(got, want) {
				t.Errorf("requests %v, want %v", got, want)
			}
		})
	}
}

type download struct {
	name         string
	method, path string
	fields       []string
	status       int
	body         []byte
	asks         []Request
}

// downloads are the downloads of object, whose tag is tag, at "/a b.txt".
func downloads(object []byte, tag string) []download {
	const at = "/a%20b.txt"
	part := func(r string) []string { return []string{"Range", r} }
	return []download{
		{"whole", "GET", at, nil, 200, object, []Request{Whole}},
		{"empty", "GET", "/empty", nil, 200, nil, []Request{Whole}},
		{"head", "HEAD", at, nil, 200, nil, []Request{Looked}},
		{"head with range", "HEAD", at, part("bytes=0-1"), 200, nil, []Request{Looked}},
		{"range", "GET", at, part("bytes=10-19"), 206, object[10:20], []Request{Part("bytes=10-19")}},
		{"open range", "GET", at, part("bytes=10-"), 206, object[10:], []Request{Part("bytes=10-")}},
		{"range past the end", "GET", at, part("bytes=99990-200000"), 206, object[99990:], []Request{Part("bytes=99990-200000")}},
		{"range of all", "GET", at, part("bytes=0-"), 206, object, []Request{Part("bytes=0-")}},
		{"suffix", "GET", at, part("bytes=-7"), 206, object[size-7:], []Request{Part("bytes=-7")}},
		{"suffix of more than all", "GET", at, part("bytes=-200000"), 206, object, []Request{Part("bytes=-200000")}},
		{"not modified", "GET", at, []string{"If-None-Match", tag}, 304, nil, []Request{Looked}},
		{"modified", "GET", at, []string{"If-None-Match", `"other"`}, 200, object, []Request{Looked, Whole}},
		{"match", "GET", at, []string{"If-Match", tag}, 200, object, []Request{Looked, Whole}},
		{"no match", "GET", at, []string{"If-Match", `"other"`}, 412, nil, []Request{Looked, Part("bytes=0-0")}},
		{
			"if-range holds", "GET", at,
			[]string{"Range", "bytes=1-2", "If-Range", tag},
			206, object[1:3],
			[]Request{Part("bytes=1-2")},
		},
		{
			"if-range fails", "GET", at,
			[]string{"Range", "bytes=1-2", "If-Range", `"other"`},
			200, object,
			[]Request{Part("bytes=1-2"), Whole},
		},
		{"unsatisfiable", "GET", at, part("bytes=100000-"), 416, nil, []Request{Part("bytes=100000-"), Looked}},
		{"range of nothing", "GET", "/empty", part("bytes=0-"), 200, nil, []Request{Part("bytes=0-"), Looked}},
		{
			"three ranges", "GET", at,
			part("bytes=0-9,50000-50009,-10"),
			206,
			slices.Concat(object[:10], object[50000:50010], object[size-10:]),
			[]Request{Looked, Part("bytes=0-9"), Part("bytes=50000-50009"), Part("bytes=99990-99999")},
		},
		{"missing", "GET", "/gone", nil, 404, nil, []Request{Whole}},
		{"range of what is missing", "GET", "/gone", part("bytes=0-1"), 404, nil, []Request{Part("bytes=0-1")}},
		{"head of what is missing", "HEAD", "/gone", nil, 404, nil, []Request{Looked}},
		{"impossible key", "GET", "/..%2F..%2Fx", nil, 404, nil, nil},
		{"other method", "POST", at, nil, 405, nil, nil},
	}
}

func tagOf(t *testing.T, s downloadview.Storage, key string) string {
	t.Helper()
	f, err := s.File(key)
	if err != nil {
		t.Fatal(err)
	}
	fi, err := downloadview.Stat(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	tag := downloadview.AttributesOf(fi).ETag
	if tag == "" {
		t.Fatalf("%q has no tag", key)
	}
	return tag
}
