package downloadview

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// serveOnce runs a server that sends resp, and returns its answer to a request with fields.
func serveOnce(t *testing.T, resp Response, method string, fields ...string) (*http.Response, []byte, error) {
	t.Helper()
	srv := httptest.NewServer(NewHandler(ViewFunc(func(*http.Request) (Response, error) { return resp, nil }), &Options{Logger: discard}))
	defer srv.Close()
	r, err := http.NewRequest(method, srv.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	got, err := srv.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer got.Body.Close()
	body, err := io.ReadAll(got.Body)
	return got, body, err
}

func sumOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return digestOf(sum[:])
}

// Each answer has the digests that are right for it and that the request asks for.
func TestDigests(t *testing.T) {
	small := "0123456789"
	large := strings.Repeat(small, 1000)
	whole := sumOf(large)
	old := "SHA-256=" + strings.Trim(strings.TrimPrefix(whole, "sha-256="), ":")
	known := FromString("a", large, &Attributes{ReprDigest: whole, ETag: `"v1"`})
	unknown := FromString("a", large, &Attributes{ETag: `"v1"`})
	md5 := FromString("a", large, &Attributes{ReprDigest: "md5=:CY9rzUYh03PK3k6DJie09g==:"})
	local := newLocalFile(t, "a", large)
	for _, tt := range []struct {
		name               string
		file               File
		method             string
		request            []string
		status             int
		repr, content, old string
	}{
		{"not asked", known, "GET", nil, 200, "", "", ""},
		{"repr", known, "GET", []string{"Want-Repr-Digest", "sha-256=1"}, 200, whole, "", ""},
		{"content", known, "GET", []string{"Want-Content-Digest", "sha-512=3, sha-256=10"}, 200, "", whole, ""},
		{"old", known, "GET", []string{"Want-Digest", "SHA-512;q=1, SHA-256;q=1, SHA;q=0.1"}, 200, "", "", old},
		{"old, without weights", known, "GET", []string{"Want-Digest", "sha-256"}, 200, "", "", old},
		{"old, not wanted", known, "GET", []string{"Want-Digest", "sha-256;q=0.0, sha"}, 200, "", "", ""},
		{"old, of another kind", md5, "GET", []string{"Want-Digest", "SHA-256, MD5"}, 200, "", "", "MD5=CY9rzUYh03PK3k6DJie09g=="},
		{"not wanted", known, "GET", []string{"Want-Repr-Digest", "sha-256=0", "Want-Content-Digest", "sha-256=0"}, 200, "", "", ""},
		{"HEAD", known, "HEAD", []string{"Want-Repr-Digest", "sha-256=1", "Want-Content-Digest", "sha-256=1", "Want-Digest", "sha-256"}, 200, whole, "", old},
		{"304", known, "GET", []string{"If-None-Match", `"v1"`, "Want-Repr-Digest", "sha-256=1", "Want-Content-Digest", "sha-256=1"}, 304, whole, "", ""},
		{"416", known, "GET", []string{"Range", "bytes=99999-", "Want-Repr-Digest", "sha-256=1", "Want-Content-Digest", "sha-256=1"}, 416, "", "", ""},
		{"a range", known, "GET", []string{"Range", "bytes=5-4004", "Want-Repr-Digest", "sha-256=1", "Want-Content-Digest", "sha-256=1", "Want-Digest", "sha-256"}, 206, whole, sumOf(large[5:4005]), old},
		{"a small range", known, "GET", []string{"Range", "bytes=5-9", "Want-Content-Digest", "sha-256=1"}, 206, "", sumOf("56789"), ""},
		{"ranges", known, "GET", []string{"Range", "bytes=0-9,5000-5009", "Want-Repr-Digest", "sha-256=1", "Want-Content-Digest", "sha-256=1"}, 206, whole, "", ""},
		{"a range of a local file", local, "GET", []string{"Range", "bytes=5-4004", "Want-Content-Digest", "sha-256=1"}, 206, "", sumOf(large[5:4005]), ""},
		{"a local file", local, "GET", []string{"Want-Content-Digest", "sha-256=1", "Want-Repr-Digest", "sha-256=1"}, 200, "", whole, ""},
		{"not known", unknown, "GET", []string{"Want-Content-Digest", "sha-256=1", "Want-Repr-Digest", "sha-256=1"}, 200, "", whole, ""},
		{"empty", FromBytes("a", nil, nil), "GET", []string{"Want-Content-Digest", "sha-256=1"}, 200, "", sumOf(""), ""},
		{"too large", FromString("a", strings.Repeat("0", mostDigested+1), nil), "GET", []string{"Want-Content-Digest", "sha-256=1"}, 200, "", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			resp, body, err := serveOnce(t, Response{File: tt.file, StoredFields: StoredDigest}, tt.method, tt.request...)
			if err != nil || resp.StatusCode != tt.status {
				t.Fatalf("%s, %v, want %d", resp.Status, err, tt.status)
			}
			for field, want := range map[string]string{"Repr-Digest": tt.repr, "Content-Digest": tt.content, "Digest": tt.old} {
				if got := resp.Header.Get(field); got != want {
					t.Errorf("%s %q, want %q", field, got, want)
				}
			}
			if got := resp.Header.Get("Content-Digest"); got != "" && got != sumOf(string(body)) {
				t.Errorf("Content-Digest %s is not that of the %d bytes received", got, len(body))
			}
		})
	}
	if resp, _, _ := serveOnce(t, Response{File: known}, "GET", "Want-Content-Digest", "sha-256=1"); resp.Header.Get("Content-Digest") != "" {
		t.Error("a Content-Digest without StoredDigest")
	}
}

// Unencoded-Digest is the digest without the coding that the answer has.
func TestUnencodedDigest(t *testing.T) {
	const coded, plain = "sha-256=:AAAA:", "sha-256=:BBBB:"
	wants := []string{"Want-Unencoded-Digest", "sha-512=10, sha-256=1"}
	for _, tt := range []struct {
		name       string
		attributes Attributes
		header     http.Header
		fields     StoredFields
		request    []string
		want       string
	}{
		{"coded", Attributes{ContentEncoding: "gzip", ReprDigest: coded, UnencodedDigest: plain}, nil, StoredDigest, wants, plain},
		{"coded, not known", Attributes{ContentEncoding: "gzip", ReprDigest: coded}, nil, StoredDigest, wants, ""},
		{"not coded", Attributes{ReprDigest: coded, UnencodedDigest: plain}, nil, StoredDigest, wants, coded},
		{"no real coding", Attributes{ContentEncoding: "aws-chunked", ReprDigest: coded}, nil, StoredDigest, wants, coded},
		{"coded, says the view", Attributes{ReprDigest: coded}, http.Header{"content-encoding": {"gzip"}}, StoredDigest, wants, ""},
		{"not asked", Attributes{ReprDigest: coded}, nil, StoredDigest, []string{"Want-Repr-Digest", "sha-256=1"}, ""},
		{"of another kind", Attributes{ReprDigest: coded}, nil, StoredDigest, []string{"Want-Unencoded-Digest", "md5=1"}, ""},
		{"a control character", Attributes{ReprDigest: "sha-256=:A\n:"}, nil, StoredDigest, wants, ""},
		{"not allowed", Attributes{ReprDigest: coded}, nil, 0, wants, ""},
	} {
		resp, _, err := serveOnce(t, Response{File: FromString("a", "content", &tt.attributes), Header: tt.header, StoredFields: tt.fields}, "GET", append(tt.request, "Accept-Encoding", "gzip")...)
		if got := resp.Header.Get("Unencoded-Digest"); err != nil || got != tt.want {
			t.Errorf("%s: %q, %v, want %q", tt.name, got, err, tt.want)
		}
	}
}

// Content of unknown length ends with its digest if the client takes trailers.
func TestDigestTrailers(t *testing.T) {
	content := strings.Repeat("0123456789", 1000)
	made := FromFunc("a", func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	}, nil)
	read := FromOpener("a", func(context.Context) (io.Reader, error) {
		return struct{ io.Reader }{strings.NewReader(content)}, nil
	}, nil)
	wants := []string{"Want-Content-Digest", "sha-256=1", "Want-Repr-Digest", "sha-256=1", "Want-Unencoded-Digest", "sha-256=1"}
	coded := FromFunc("a", func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	}, &Attributes{ContentEncoding: "br"})
	if resp, _, _ := serveOnce(t, Response{File: coded, StoredFields: StoredDigest}, "GET", append(wants, "TE", "trailers")...); resp.Trailer.Get("Unencoded-Digest") != "" || resp.Trailer.Get("Repr-Digest") == "" {
		t.Errorf("coded: trailer %v, want no Unencoded-Digest", resp.Trailer)
	}
	for name, f := range map[string]File{"written": made, "read": read} {
		t.Run(name, func(t *testing.T) {
			resp, body, err := serveOnce(t, Response{File: f, StoredFields: StoredDigest}, "GET", append(wants, "TE", "gzip, trailers")...)
			if err != nil || string(body) != content {
				t.Fatalf("%d bytes, %v", len(body), err)
			}
			for _, field := range []string{"Content-Digest", "Repr-Digest", "Unencoded-Digest"} {
				if got := resp.Trailer.Get(field); got != sumOf(content) || resp.Header.Get(field) != "" {
					t.Errorf("trailer %s %q, header %q; want %s in the trailer", field, got, resp.Header.Get(field), sumOf(content))
				}
			}
			if resp, _, _ := serveOnce(t, Response{File: f, StoredFields: StoredDigest}, "GET", append(wants, "TE", "trailers", "Connection", "close, TE")...); resp.Trailer.Get("Content-Digest") == "" {
				t.Error("no trailer, although Connection names TE")
			}
			for _, fields := range [][]string{wants, {"TE", "trailers"}, append(wants, "TE", "trailers", "Connection", "close"), {"TE", "trailers", "Want-Content-Digest", "sha-512=1"}} {
				if resp, _, _ := serveOnce(t, Response{File: f, StoredFields: StoredDigest}, "GET", fields...); len(resp.Trailer) > 0 {
					t.Errorf("%q: trailer %v, want none", fields, resp.Trailer)
				}
			}
		})
	}
	t.Run("fails", func(t *testing.T) {
		f := FromFunc("a", func(_ context.Context, w io.Writer) error {
			io.WriteString(w, content)
			return errors.New("broke off")
		}, nil)
		resp, _, err := serveOnce(t, Response{File: f, StoredFields: StoredDigest}, "GET", append(wants, "TE", "trailers")...)
		if err == nil || resp.Trailer.Get("Content-Digest") != "" {
			t.Errorf("%v, trailer %v; want a download that breaks off without a digest", err, resp.Trailer)
		}
	})
}
