package s3bucket_test

import (
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// Stored fields are in every answer; the digest is in those about the whole
// object.
func TestStoredBesideTheBytes(t *testing.T) {
	srv := s3test.Start(t)
	content := []byte("0123456789")
	expires := time.Date(2037, 1, 2, 3, 4, 5, 0, time.UTC)
	srv.Put(t, "a", content, func(in *s3.PutObjectInput) {
		in.CacheControl = aws.String("max-age=60")
		in.Expires = &expires
		in.ContentDisposition = aws.String(`attachment; filename="of the store.txt"`)
		in.Metadata = map[string]string{"Project": "North Star"}
		in.ChecksumAlgorithm = types.ChecksumAlgorithmSha256
	})
	srv.Put(t, "bare", content)
	sum := sha256.Sum256(content)
	digest := "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"

	s := s3bucket.New(srv.Client, srv.Bucket, nil)
	opened := func(h fs.File, err error) func() (fs.FileInfo, error) {
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { h.Close() })
		return h.Stat
	}
	for name, tt := range map[string]struct {
		stat   func() (fs.FileInfo, error)
		digest string
	}{
		"stat":            {statOf(t, s, "a"), digest},
		"open":            {opened(file(t, s, "a").Open(t.Context())), digest},
		"range":           {opened(downloadview.OpenRange(t.Context(), file(t, s, "a"), 1, 2)), ""},
		"range of it all": {opened(downloadview.OpenRange(t.Context(), file(t, s, "a"), 0, -1)), ""},
	} {
		a := attributes(t, tt.stat)
		if a.CacheControl != "max-age=60" || a.Expires != expires.Format(http.TimeFormat) ||
			a.Disposition != `attachment; filename="of the store.txt"` || a.ReprDigest != tt.digest || a.Size != 10 {
			t.Errorf("%s: %+v, want what was stored, with the digest %q", name, a, tt.digest)
		}
		fi, _ := tt.stat()
		if got := downloadview.AttributesOf(fi).Metadata; got["project"] != "North Star" {
			t.Errorf("%s: metadata %v, want project in lower case", name, got)
		}
	}
	fi, err := statOf(t, s, "bare")()
	if err != nil {
		t.Fatal(err)
	}
	if got := downloadview.AttributesOf(fi).Metadata; len(got) > 0 {
		t.Errorf("metadata %v of an object without", got)
	}
	if a := downloadview.AttributesOf(fi); a.ReprDigest != "" {
		t.Errorf("digest %q of an object whose entity tag is an MD5", a.ReprDigest)
	}
}

// The checksum of an object in parts isn't a digest of its bytes.
func TestNoDigestOfParts(t *testing.T) {
	srv := s3test.Start(t)
	created, err := srv.Client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{
		Bucket: &srv.Bucket, Key: aws.String("a"), ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
	})
	if err != nil {
		t.Fatal(err)
	}
	part, err := srv.Client.UploadPart(t.Context(), &s3.UploadPartInput{
		Bucket: &srv.Bucket, Key: aws.String("a"), UploadId: created.UploadId, PartNumber: aws.Int32(1),
		Body: strings.NewReader("0123456789"), ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := srv.Client.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{
		Bucket: &srv.Bucket, Key: aws.String("a"), UploadId: created.UploadId,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{
			{PartNumber: aws.Int32(1), ETag: part.ETag, ChecksumSHA256: part.ChecksumSHA256},
		}},
	}); err != nil {
		t.Fatal(err)
	}
	out, err := srv.Client.HeadObject(t.Context(), &s3.HeadObjectInput{
		Bucket: &srv.Bucket, Key: aws.String("a"), ChecksumMode: types.ChecksumModeEnabled,
	})
	if err != nil {
		t.Fatal(err)
	}
	if out.ChecksumSHA256 == nil {
		t.Fatal("the server tells no checksum, so nothing is tested")
	}
	s := s3bucket.New(srv.Client, srv.Bucket, nil)
	if got := attributes(t, statOf(t, s, "a")).ReprDigest; got != "" {
		t.Errorf("digest %q of parts (%s, %s), want none", got, out.ChecksumType, *out.ChecksumSHA256)
	}
}

func TestDigests(t *testing.T) {
	sum256 := base64.StdEncoding.EncodeToString(make([]byte, 32))
	sum512 := base64.StdEncoding.EncodeToString(make([]byte, 64))
	for _, tt := range []struct {
		name   string
		fields map[string]string
		want   string
	}{
		{"sha-256", map[string]string{"Sha256": sum256, "Type": "FULL_OBJECT"}, "sha-256=:" + sum256 + ":"},
		{"of an older store", map[string]string{"Sha256": sum256}, "sha-256=:" + sum256 + ":"},
		{"sha-512", map[string]string{"Sha512": sum512, "Type": "FULL_OBJECT"}, "sha-512=:" + sum512 + ":"},
		{"composite", map[string]string{"Sha256": sum256, "Type": "COMPOSITE"}, ""},
		{"composite by its count", map[string]string{"Sha256": sum256 + "-2"}, ""},
		{"too short", map[string]string{"Sha256": "AAAA"}, ""},
		{"not base64", map[string]string{"Sha256": strings.Repeat("!", 43) + "="}, ""},
		{"one byte more", map[string]string{"Sha256": base64.StdEncoding.EncodeToString(make([]byte, 33))}, ""},
		{"without a name in RFC 9530", map[string]string{"Crc64nvme": "AAAAAAAAAAA=", "Type": "FULL_OBJECT"}, ""},
	} {
		s := fake(t, func(w http.ResponseWriter, r *http.Request) {
			if got := r.Header.Get("X-Amz-Checksum-Mode"); got != "ENABLED" {
				t.Errorf("%s asks for checksums by %q, want ENABLED", r.Method, got)
			}
			for name, value := range tt.fields {
				w.Header().Set("X-Amz-Checksum-"+name, value)
			}
			if r.Method == http.MethodGet {
				w.Write([]byte("not what any of them is of"))
			}
		})
		h, err := file(t, s, "a").Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := attributes(t, h.Stat).ReprDigest; got != tt.want {
			t.Errorf("%s: digest %q, want %q", tt.name, got, tt.want)
		}
		content(t, h) // is not checked against it
		if got := attributes(t, statOf(t, s, "a")).ReprDigest; got != tt.want {
			t.Errorf("%s: digest %q by Stat, want %q", tt.name, got, tt.want)
		}
	}
}

// A range that is a part of an upload may have the checksum of that part.
func TestNoDigestOfRanges(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Amz-Checksum-Sha256", base64.StdEncoding.EncodeToString(make([]byte, 32)))
		w.Header().Set("Content-Range", "bytes 2-4/10")
		w.WriteHeader(http.StatusPartialContent)
		w.Write([]byte("234"))
	})
	h, err := downloadview.OpenRange(t.Context(), file(t, s, "a"), 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	if got := attributes(t, h.Stat).ReprDigest; got != "" {
		t.Errorf("digest %q, want none", got)
	}
	content(t, h)
}

// If Expires isn't a date, it isn't passed on.
func TestExpiresIsADate(t *testing.T) {
	for _, sent := range []string{"0", "-1", "tomorrow", "2037-01-02T03:04:05Z"} {
		s := fake(t, func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Expires", sent) })
		if got := attributes(t, statOf(t, s, "a")).Expires; got != "" {
			t.Errorf("Expires %q becomes %q, want none", sent, got)
		}
	}
}

func TestMetadataKeys(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["x-amz-meta-UPPER"] = []string{"Value"}
		w.Header()["X-Amz-Meta-Two-Words"] = []string{"x"}
	})
	fi, err := statOf(t, s, "a")()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := downloadview.AttributesOf(fi).Metadata, (map[string]string{"upper": "Value", "two-words": "x"}); !maps.Equal(got, want) {
		t.Errorf("metadata %v, want %v", got, want)
	}
}
