package s3bucket

import (
	"io/fs"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview"
)

// looked returns what an answer to HEAD tells.
func (f *file) looked(out *s3.HeadObjectOutput) fs.FileInfo {
	return downloadview.Attributes{
		Size:            known(out.ContentLength),
		ModTime:         aws.ToTime(out.LastModified),
		ETag:            quoted(out.ETag),
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
		ETag:            quoted(out.ETag),
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

// known returns *n, or -1 where it is not known.
func known(n *int64) int64 {
	if n == nil {
		return -1
	}
	return *n
}

// quoted returns the tag in its quotes, which some stores leave out.
func quoted(tag *string) string {
	if tag == nil || *tag == "" || strings.HasPrefix(*tag, `"`) || strings.HasPrefix(*tag, "W/") {
		return aws.ToString(tag)
	}
	return `"` + *tag + `"`
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
