package azurebucket

import (
	"crypto/md5"
	"encoding/base64"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/bucket"
)

// attributesOf returns the metadata in an answer with bytes of a blob of size
// bytes. Its Content-MD5 is that of the blob only if the answer has the whole
// blob.
func attributesOf(out *blob.DownloadStreamResponse, size int64) downloadview.Attributes {
	sum := out.BlobContentMD5
	if sum == nil && out.ContentRange == nil {
		sum = out.ContentMD5
	}
	return downloadview.Attributes{
		Size:            size,
		ModTime:         value(out.LastModified),
		ETag:            bucket.Quoted(string(value(out.ETag))),
		ContentType:     value(out.ContentType),
		ContentEncoding: value(out.ContentEncoding),
		ContentLanguage: value(out.ContentLanguage),
		CacheControl:    value(out.CacheControl),
		Disposition:     value(out.ContentDisposition),
		ReprDigest:      digest(sum),
		Metadata:        inLowerCase(out.Metadata),
	}
}

func propertiesOf(out *blob.GetPropertiesResponse) downloadview.Attributes {
	return downloadview.Attributes{
		Size:            bucket.Size(out.ContentLength),
		ModTime:         value(out.LastModified),
		ETag:            bucket.Quoted(string(value(out.ETag))),
		ContentType:     value(out.ContentType),
		ContentEncoding: value(out.ContentEncoding),
		ContentLanguage: value(out.ContentLanguage),
		CacheControl:    value(out.CacheControl),
		Disposition:     value(out.ContentDisposition),
		ReprDigest:      digest(out.ContentMD5),
		Metadata:        inLowerCase(out.Metadata),
	}
}

func listed(p *container.BlobProperties) downloadview.Attributes {
	if p == nil {
		return downloadview.Attributes{Size: -1}
	}
	return downloadview.Attributes{
		Size:            bucket.Size(p.ContentLength),
		ModTime:         value(p.LastModified),
		ETag:            bucket.Quoted(string(value(p.ETag))),
		ContentType:     value(p.ContentType),
		ContentEncoding: value(p.ContentEncoding),
		ContentLanguage: value(p.ContentLanguage),
		CacheControl:    value(p.CacheControl),
		Disposition:     value(p.ContentDisposition),
		ReprDigest:      digest(p.ContentMD5),
	}
}

// inLowerCase returns metadata with its keys in lower case.
func inLowerCase(metadata map[string]*string) map[string]string {
	if len(metadata) == 0 {
		return nil
	}
	lower := make(map[string]string, len(metadata))
	for k, v := range metadata {
		lower[strings.ToLower(k)] = value(v)
	}
	return lower
}

// isFolder reports whether metadata belongs to an empty blob that stands for a
// folder. Accounts with a hierarchical namespace have such blobs, and Hadoop
// programs create them in other accounts.
func isFolder(metadata map[string]*string) bool {
	for k, v := range metadata {
		if strings.EqualFold(k, "hdi_isfolder") {
			return strings.EqualFold(value(v), "true")
		}
	}
	return false
}

func value[T any](p *T) T {
	if p == nil {
		return *new(T)
	}
	return *p
}

// digest returns a value of Repr-Digest for an MD5, or "" if sum isn't one. Azure keeps
// what a client gives it.
func digest(sum []byte) string {
	if len(sum) != md5.Size {
		return ""
	}
	return "md5=:" + base64.StdEncoding.EncodeToString(sum) + ":"
}
