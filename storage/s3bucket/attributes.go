package s3bucket

import (
	"context"
	"io/fs"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
	"github.com/downloadview/downloadview/internal/checksum"
)

// looked returns the metadata in an answer to HEAD.
func (f *file) looked(out *s3.HeadObjectOutput) fs.FileInfo {
	a := downloadview.Attributes{
		Size:            bucket.Size(out.ContentLength),
		ModTime:         aws.ToTime(out.LastModified),
		ETag:            bucket.Quoted(aws.ToString(out.ETag)),
		ContentType:     aws.ToString(out.ContentType),
		ContentEncoding: aws.ToString(out.ContentEncoding),
		ContentLanguage: aws.ToString(out.ContentLanguage),
		CacheControl:    aws.ToString(out.CacheControl),
		Expires:         date(out.ExpiresString),
		Disposition:     aws.ToString(out.ContentDisposition),
		ReprDigest:      digest(out.ChecksumType, out.ChecksumSHA256, out.ChecksumSHA512),
		Metadata:        out.Metadata, // its keys are in lower case already
	}
	if sum, ok := crc32Of(out.ChecksumType, out.ChecksumCRC32); ok {
		return checksum.FileInfo(a, f.key, sum)
	}
	if c, ok := compositeOf(out); ok {
		return checksum.Asking(a, f.key, func(ctx context.Context) (uint32, bool, error) { return f.combined(ctx, c) })
	}
	return a.FileInfo(f.key)
}

// got returns the metadata in an answer to GET, for an object of size bytes.
func (f *file) got(out *s3.GetObjectOutput, size int64) fs.FileInfo {
	a := downloadview.Attributes{
		Size:            size,
		ModTime:         aws.ToTime(out.LastModified),
		ETag:            bucket.Quoted(aws.ToString(out.ETag)),
		ContentType:     aws.ToString(out.ContentType),
		ContentEncoding: aws.ToString(out.ContentEncoding),
		ContentLanguage: aws.ToString(out.ContentLanguage),
		CacheControl:    aws.ToString(out.CacheControl),
		Expires:         date(out.ExpiresString),
		Disposition:     aws.ToString(out.ContentDisposition),
		Metadata:        out.Metadata,
	}
	if out.ContentRange == nil { // otherwise it may belong to a part
		a.ReprDigest = digest(out.ChecksumType, out.ChecksumSHA256, out.ChecksumSHA512)
	}
	return a.FileInfo(f.key)
}

// date returns s if it is an HTTP date; S3 stores any text.
func date(s *string) string {
	if s == nil {
		return ""
	}
	if _, err := http.ParseTime(*s); err != nil {
		return ""
	}
	return *s
}
