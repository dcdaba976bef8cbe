package s3bucket

import (
	"io/fs"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

// looked returns what an answer to HEAD tells.
func (f *file) looked(out *s3.HeadObjectOutput) fs.FileInfo {
	return downloadview.Attributes{
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
		Metadata:        out.Metadata, // the SDK has its keys in lower case
	}.FileInfo(f.key)
}

// got returns what an answer to GET tells of an object of size.
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
	if out.ContentRange == nil { // else it may be that of a part
		a.ReprDigest = digest(out.ChecksumType, out.ChecksumSHA256, out.ChecksumSHA512)
	}
	return a.FileInfo(f.key)
}

// date returns s if it is an HTTP date; S3 keeps whatever it was given.
func date(s *string) string {
	if s == nil {
		return ""
	}
	if _, err := http.ParseTime(*s); err != nil {
		return ""
	}
	return *s
}
