package s3bucket

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/encoding/httpbinding"
)

// A getMould is the request that the SDK sends for an object of a bucket, without
// the key. With it, a request is made by the SDK's signer alone.
type getMould struct {
	signer      s3.HTTPSignerV4
	blank       *http.Request // without key and signature
	first       string        // the field retries, of a first attempt
	payloadHash string
	region      string
}

// Fields of the SDK, which differ from request to request.
const (
	invocationID  = "Amz-Sdk-Invocation-Id"
	retries       = "Amz-Sdk-Request"
	authorization = "Authorization"
	signedAt      = "X-Amz-Date"
	sessionToken  = "X-Amz-Security-Token"
	checksumMode  = "X-Amz-Checksum-Mode"
)

// signingTime is the layout of signedAt, and of a deadline in retries.
const signingTime = "20060102T150405Z"

// sending is what of a request doesn't follow from the object.
type sending struct {
	id   string
	by   aws.Credentials
	at   time.Time // by this machine's clock
	skew time.Duration
}

// request returns the signed request of a first attempt.
func (m *getMould) request(ctx context.Context, in *s3.GetObjectInput, s sending) (*http.Request, error) {
	r := m.blank.WithContext(ctx)
	u := *r.URL
	u.Path += *in.Key
	u.RawPath += httpbinding.EscapePath(*in.Key, false)
	r.URL = &u
	r.Header = make(http.Header, len(m.blank.Header)+7)
	values := make([]string, 0, len(m.blank.Header)+4)
	set := func(name, value string) {
		values = append(values, value)
		n := len(values)
		r.Header[name] = values[n-1 : n : n]
	}
	for name, values := range m.blank.Header {
		set(name, values[0])
	}
	set(invocationID, s.id)
	if deadline, ok := ctx.Deadline(); ok && s.skew > 0 {
		set(retries, m.first+"; ttl="+deadline.Add(s.skew).Format(signingTime))
	} else {
		set(retries, m.first)
	}
	if in.Range != nil {
		set("Range", *in.Range)
	} else {
		set(checksumMode, string(types.ChecksumModeEnabled))
	}
	if in.IfMatch != nil {
		set("If-Match", *in.IfMatch)
	}
	err := m.signer.SignHTTP(ctx, s.by, r, m.payloadHash, "s3", m.region, s.at.Add(s.skew), unescaped)
	return r, err
}

func unescaped(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }

// newGetMould returns the mould for the requests of a client, or nil if a request
// that is made with it isn't the SDK's.
func newGetMould(client *s3.Client, bucket string, signer s3.HTTPSignerV4, p *probe) *getMould {
	const key = "k"
	m := p.ask(client, &s3.GetObjectInput{Bucket: &bucket, Key: aws.String(key)}).getMould(key)
	if m == nil {
		return nil
	}
	m.signer = signer
	const odd = "//a b/./ü%2F+\x00\n~"
	for _, in := range []*s3.GetObjectInput{
		{},
		{IfMatch: aws.String(` "a,  b" `)},
		{Range: aws.String("bytes=1-2")},
		{Range: aws.String("bytes=-2"), IfMatch: aws.String(`"a"`)},
	} {
		in.Bucket, in.Key = &bucket, aws.String(odd)
		theirs := p.ask(client, in).request
		if theirs == nil {
			return nil
		}
		at, err := time.Parse(signingTime, theirs.Header.Get(signedAt))
		if err != nil {
			return nil
		}
		ours, err := m.request(context.Background(), in, sending{id: theirs.Header.Get(invocationID), by: madeUp, at: at})
		if err != nil || !isSame(ours, theirs) {
			return nil
		}
	}
	return m
}

// isSame reports whether two requests are equal, apart from their contexts.
func isSame(a, b *http.Request) bool {
	ctx := context.Background()
	return reflect.DeepEqual(a.WithContext(ctx), b.WithContext(ctx))
}

// getMould returns the mould of the request for key, or nil if there is more to it
// than a mould keeps.
func (p *probe) getMould(key string) *getMould {
	if p.request == nil {
		return nil
	}
	r := p.request.WithContext(context.Background())
	region, ok := signedFor(r.Header.Get(authorization))
	path, whole := strings.CutSuffix(r.URL.Path, key)
	rawPath, also := strings.CutSuffix(r.URL.RawPath, key)
	if !ok || !whole || !also || r.Body != nil || r.Header.Get(invocationID) == "" {
		return nil
	}
	u := *r.URL
	u.Path, u.RawPath = path, rawPath
	m := &getMould{
		blank: r, region: region,
		first: r.Header.Get(retries), payloadHash: r.Header.Get("X-Amz-Content-Sha256"),
	}
	r.URL, r.Header = &u, r.Header.Clone()
	for _, name := range []string{invocationID, retries, authorization, signedAt, sessionToken, checksumMode} {
		r.Header.Del(name)
	}
	for _, values := range r.Header {
		if len(values) != 1 {
			return nil
		}
	}
	return m
}

// signedFor returns the region of a signature for S3, and whether it is one.
func signedFor(authorization string) (region string, ok bool) {
	scope, ok := strings.CutPrefix(authorization, "AWS4-HMAC-SHA256 Credential="+madeUp.AccessKeyID+"/")
	scope, _, _ = strings.Cut(scope, ",")
	parts := strings.Split(scope, "/") // date, region, service, aws4_request
	if !ok || len(parts) != 4 || parts[2] != "s3" {
		return "", false
	}
	return parts[1], true
}
