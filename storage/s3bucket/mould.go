package s3bucket

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/encoding/httpbinding"

	"github.com/downloadview/downloadview"
)

// A mould is the request that the SDK signs for an object of a bucket, without
// the key. With it, a URL is signed by the SDK's signer alone.
type mould struct {
	signer        *v4.Signer
	method        string
	scheme        string
	urlHost, host string
	path, rawPath string // before the key
	query         string // of every URL, encoded; it ends in "&" unless it is empty
	payloadHash   string
	service       string
	region        string
}

// expires is the parameter of the SDK in which it sets the expiry, in seconds.
const expires = "X-Amz-Expires"

// sign signs the URL of the object name.
func (m *mould) sign(ctx context.Context, name string, o downloadview.SignOptions, by aws.Credentials, at time.Time) (string, error) {
	signed, _, err := m.signer.PresignHTTP(ctx, by, &http.Request{
		Method: m.method,
		URL: &url.URL{
			Scheme:   m.scheme,
			Host:     m.urlHost,
			Path:     m.path + name,
			RawPath:  m.rawPath + httpbinding.EscapePath(name, false),
			RawQuery: m.parameters(o),
		},
		Host: m.host,
	}, m.payloadHash, m.service, m.region, at)
	return signed, err
}

func (m *mould) parameters(o downloadview.SignOptions) string {
	b := make([]byte, 0, len(m.query)+len(expires)+len(o.Disposition)*3/2+96)
	b = append(append(b, m.query...), expires+"="...)
	b = strconv.AppendInt(b, int64(o.Expiry/time.Second), 10)
	for _, p := range [...]struct{ name, value string }{
		{"&response-content-disposition=", o.Disposition},
		{"&response-content-type=", o.ContentType},
		{"&response-cache-control=", o.CacheControl},
	} {
		if p.value != "" {
			b = append(append(b, p.name...), url.QueryEscape(p.value)...)
		}
	}
	return string(b)
}

// newMould returns the mould for the requests of a client, or nil if they can't
// be made in this way: not all of the client's options are known to leave the
// request alone, or a request that is made with the mould isn't the SDK's.
func newMould(client *s3.Client, bucket, method string) *mould {
	if !isPlain(client.Options()) {
		return nil
	}
	seen := &seeing{inner: newPresigner(client.Options()), at: time.Now()}
	sdk := s3.NewPresignClient(s3.New(client.Options(), unasked), func(o *s3.PresignOptions) { o.Presigner = seen })
	probe := downloadview.SignOptions{Method: method, Expiry: time.Hour}
	const key = "k"
	if _, err := presign(context.Background(), sdk, bucket, key, probe); err != nil {
		return nil
	}
	m := seen.mould(key)
	if m == nil {
		return nil
	}
	probe.Expiry = 90 * time.Second
	probe.Disposition, probe.ContentType, probe.CacheControl = `attachment; filename*=UTF-8''%C3%BC.txt`, "text/plain; charset=utf-8", "private, a+b"
	const odd = "//a b/./ü%2F+\x00\n~"
	theirs, err := presign(context.Background(), sdk, bucket, odd, probe)
	if err != nil {
		return nil
	}
	if ours, err := m.sign(context.Background(), odd, probe, seen.credentials, seen.at); err != nil || ours != theirs.URL {
		return nil
	}
	return m
}

// seeing keeps what it last signed. All is signed at one time.
type seeing struct {
	inner *v4.Signer
	at    time.Time

	credentials                  aws.Credentials
	request                      *http.Request
	payloadHash, service, region string
}

// PresignHTTP signs r.
func (s *seeing) PresignHTTP(ctx context.Context, credentials aws.Credentials, r *http.Request, payloadHash, service, region string,
	_ time.Time, optFns ...func(*v4.SignerOptions),
) (string, http.Header, error) {
	s.credentials, s.request, s.payloadHash, s.service, s.region = credentials, r.Clone(ctx), payloadHash, service, region
	return s.inner.PresignHTTP(ctx, credentials, r, payloadHash, service, region, s.at, optFns...)
}

// mould returns the mould of the request for key, or nil if there is more to the
// request than a mould keeps.
func (s *seeing) mould(key string) *mould {
	r := s.request
	if r == nil || s.service != "s3" || len(r.Header) > 0 || r.ContentLength > 0 || r.URL.User != nil || r.URL.Opaque != "" {
		return nil
	}
	path, ok := strings.CutSuffix(r.URL.Path, key)
	rawPath, also := strings.CutSuffix(r.URL.RawPath, key)
	query := r.URL.Query()
	if !ok || !also || !query.Has(expires) {
		return nil
	}
	query.Del(expires)
	m := &mould{
		signer: s.inner, method: r.Method, scheme: r.URL.Scheme, urlHost: r.URL.Host, host: r.Host, path: path, rawPath: rawPath,
		query: query.Encode(), payloadHash: s.payloadHash, service: s.service, region: s.region,
	}
	if m.query != "" {
		m.query += "&"
	}
	return m
}
