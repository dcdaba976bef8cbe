package s3bucket_test

import (
	"hash/crc32"
	"io/fs"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/s3test"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// The metadata has the CRC-32 of the whole object, and no other checksum in its
// place.
func TestCRC32(t *testing.T) {
	srv := s3test.Start(t)
	content := "0123456789"
	srv.Put(t, "whole", []byte(content), func(in *s3.PutObjectInput) { in.ChecksumAlgorithm = types.ChecksumAlgorithmCrc32 })
	srv.Put(t, "other", []byte(content), func(in *s3.PutObjectInput) { in.ChecksumAlgorithm = types.ChecksumAlgorithmSha256 })
	for key, kind := range map[string]types.ChecksumType{"parts": types.ChecksumTypeComposite, "full": types.ChecksumTypeFullObject} {
		uploadInOnePart(t, srv, key, content, kind)
	}
	s := s3bucket.New(srv.Client, srv.Bucket, nil)
	for key, want := range map[string]bool{"whole": true, "full": true, "parts": false, "other": false} {
		fi, err := statOf(t, s, key)()
		if err != nil {
			t.Fatal(err)
		}
		sum, ok := crc32Of(fi)
		if ok != want || ok && sum != crc32.ChecksumIEEE([]byte(content)) {
			t.Errorf("%s: %08x %v, want %v", key, sum, ok, want)
		}
		if key == "parts" { // versitygw doesn't tell the parts
			if sum, ok, err := askCRC32(t.Context(), t, fi); ok || err != nil {
				t.Errorf("%s: asked, %08x %v %v", key, sum, ok, err)
			}
		}
		if a := downloadview.AttributesOf(fi); a.Size != 10 || a.StrongETag() == "" {
			t.Errorf("%s: %+v", key, a)
		}
	}
}

func crc32Of(fi fs.FileInfo) (uint32, bool) {
	s, ok := fi.(interface{ CRC32() (uint32, bool) })
	if !ok {
		return 0, false
	}
	return s.CRC32()
}

func uploadInOnePart(t *testing.T, srv *s3test.Server, key, content string, kind types.ChecksumType) {
	t.Helper()
	created, err := srv.Client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{
		Bucket: &srv.Bucket, Key: &key, ChecksumAlgorithm: types.ChecksumAlgorithmCrc32, ChecksumType: kind,
	})
	if err != nil {
		t.Fatal(err)
	}
	part, err := srv.Client.UploadPart(t.Context(), &s3.UploadPartInput{
		Bucket: &srv.Bucket, Key: &key, UploadId: created.UploadId, PartNumber: aws.Int32(1),
		Body: strings.NewReader(content), ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := srv.Client.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{
		Bucket: &srv.Bucket, Key: &key, UploadId: created.UploadId, ChecksumType: kind,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{
			{PartNumber: aws.Int32(1), ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32},
		}},
	}); err != nil {
		t.Fatal(err)
	}
}
