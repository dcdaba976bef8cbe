package azurebucket

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
)

// An answer is the HTTP answer to a request. The SDK doesn't return its status,
// and fails with the whole answer if it can't parse one field, such as a date.
type answer struct{ response *http.Response }

// captured returns a context for one request, and where its answer will be
// stored.
func captured(ctx context.Context) (context.Context, *answer) {
	a := &answer{}
	return policy.WithCaptureResponse(ctx, &a.response), a
}

func (a *answer) status() int {
	if a.response == nil {
		return http.StatusOK
	}
	return a.response.StatusCode
}

// isUnreadable reports whether the SDK failed with err although the answer has
// a status of success.
func (a *answer) isUnreadable(ctx context.Context, err error) bool {
	if _, refused := errors.AsType[*azcore.ResponseError](err); refused || a.response == nil || ctx.Err() != nil {
		return false
	}
	return a.status() == http.StatusOK || a.status() == http.StatusPartialContent
}

func (a *answer) download() blob.DownloadStreamResponse {
	p := a.properties()
	var out blob.DownloadStreamResponse
	out.Body = a.response.Body
	out.ContentRange = a.field("Content-Range")
	out.BlobContentMD5 = a.sum("X-Ms-Blob-Content-Md5")
	out.ContentMD5, out.Metadata, out.LastModified, out.ETag = p.ContentMD5, p.Metadata, p.LastModified, p.ETag
	out.ContentLength, out.ContentType, out.ContentEncoding = p.ContentLength, p.ContentType, p.ContentEncoding
	out.ContentLanguage, out.CacheControl, out.ContentDisposition = p.ContentLanguage, p.CacheControl, p.ContentDisposition
	return out
}

func (a *answer) properties() blob.GetPropertiesResponse {
	out := blob.GetPropertiesResponse{
		ContentType:        a.field("Content-Type"),
		ContentEncoding:    a.field("Content-Encoding"),
		ContentLanguage:    a.field("Content-Language"),
		CacheControl:       a.field("Cache-Control"),
		ContentDisposition: a.field("Content-Disposition"),
		AccessTier:         a.field("X-Ms-Access-Tier"),
		ContentMD5:         a.sum("Content-Md5"),
		Metadata:           map[string]*string{},
	}
	if n := a.response.ContentLength; n >= 0 {
		out.ContentLength = &n
	}
	if tag := a.field("ETag"); tag != nil {
		out.ETag = (*azcore.ETag)(tag)
	}
	out.LastModified = a.date("Last-Modified")
	out.CreationTime, out.LastAccessed = a.date("X-Ms-Creation-Time"), a.date("X-Ms-Last-Access-Time")
	for name, values := range a.response.Header {
		if key, ok := strings.CutPrefix(name, "X-Ms-Meta-"); ok && len(values) > 0 {
			out.Metadata[key] = &values[0]
		}
	}
	return out
}

// field returns the value of a field, or nil if there is none.
func (a *answer) field(name string) *string {
	if value := a.response.Header.Get(name); value != "" {
		return &value
	}
	return nil
}

func (a *answer) date(name string) *time.Time {
	t, err := http.ParseTime(a.response.Header.Get(name))
	if err != nil {
		return nil
	}
	return &t
}

func (a *answer) sum(name string) []byte {
	b, err := base64.StdEncoding.DecodeString(a.response.Header.Get(name))
	if err != nil {
		return nil
	}
	return b
}
