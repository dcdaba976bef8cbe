package s3bucket_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	smithyauth "github.com/aws/smithy-go/auth"
	smithyendpoints "github.com/aws/smithy-go/endpoints"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// sdkURL returns what the SDK's presign client returns, at the time of the bubble.
func sdkURL(client *s3.Client, bucket, key string, o downloadview.SignOptions) (string, error) {
	optional := func(s string) *string {
		if s == "" {
			return nil
		}
		return &s
	}
	ctx := context.Background()
	presigner := s3.NewPresignClient(client, func(po *s3.PresignOptions) {
		po.Expires = o.Expiry
		po.ClientOptions = []func(*s3.Options){func(o *s3.Options) {
			o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
		}}
	})
	if o.Method == http.MethodHead {
		signed, err := presigner.PresignHeadObject(ctx, &s3.HeadObjectInput{
			Bucket: &bucket, Key: &key, ResponseContentDisposition: optional(o.Disposition),
			ResponseContentType: optional(o.ContentType), ResponseCacheControl: optional(o.CacheControl),
		})
		if err != nil {
			return "", err
		}
		return signed.URL, nil
	}
	signed, err := presigner.PresignGetObject(ctx, &s3.GetObjectInput{
		Bucket: &bucket, Key: &key, ResponseContentDisposition: optional(o.Disposition),
		ResponseContentType: optional(o.ContentType), ResponseCacheControl: optional(o.CacheControl),
	})
	if err != nil {
		return "", err
	}
	return signed.URL, nil
}

// checkSame compares each of the first URLs of a storage with the SDK's.
func checkSame(t *testing.T, client *s3.Client, bucket, key string, o downloadview.SignOptions) {
	t.Helper()
	f, err := s3bucket.New(client, bucket, nil).File(key)
	if err != nil {
		return
	}
	synctest.Test(t, func(t *testing.T) {
		for i := range manyURLs {
			ours, until, err := downloadview.SignedURL(t.Context(), f, o)
			theirs, sdkErr := sdkURL(client, bucket, key, o)
			switch {
			case errors.Is(err, errors.ErrUnsupported) && hasDots(key):
				return
			case (err != nil) != (sdkErr != nil):
				t.Fatalf("URL %d: error %v, the SDK's %v", i, err, sdkErr)
			case err != nil:
				continue
			case withoutRandom(ours) != withoutRandom(theirs):
				t.Fatalf("URL %d of %q in %q:\n%s, the SDK's is\n%s", i, key, bucket, ours, theirs)
			case !until.Equal(time.Now().Add(o.Expiry)):
				t.Fatalf("URL %d is valid until %v, want %v from now", i, until, o.Expiry)
			}
		}
	})
}

func hasDots(key string) bool {
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}

// withoutRandom returns signed without a signature that differs each time: ECDSA,
// for several regions.
func withoutRandom(signed string) string {
	if strings.Contains(signed, "ECDSA") {
		signed, _, _ = strings.Cut(signed, "&X-Amz-Signature=")
	}
	return signed
}

// plainClients are clients whose URLs are signed without the SDK's client.
var plainClients = map[string]func(*s3.Options){
	"as it is": func(*s3.Options) {},
	"of AWS":   func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = nil, false },
	"of AWS, by path": func(o *s3.Options) {
		o.BaseEndpoint = nil
	},
	"bucket in the host": func(o *s3.Options) { o.UsePathStyle = false },
	"below a path":       func(o *s3.Options) { o.BaseEndpoint = aws.String("https://one.test:443/a b/%2F/") },
	"address":            func(o *s3.Options) { o.BaseEndpoint = aws.String("http://[::1]:80") },
	"accelerated":        func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle, o.UseAccelerate = nil, false, true },
	"dual stack": func(o *s3.Options) {
		o.BaseEndpoint, o.EndpointOptions.UseDualStackEndpoint = nil, aws.DualStackEndpointStateEnabled
	},
	"FIPS": func(o *s3.Options) {
		o.BaseEndpoint, o.EndpointOptions.UseFIPSEndpoint = nil, aws.FIPSEndpointStateEnabled
	},
	"FIPS by its region": func(o *s3.Options) { o.BaseEndpoint, o.Region = nil, "fips-us-gov-west-1" },
	"without TLS":        func(o *s3.Options) { o.BaseEndpoint, o.EndpointOptions.DisableHTTPS = nil, true },
	"validating":         func(o *s3.Options) { o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenSupported },
	"no session": func(o *s3.Options) {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b"}, nil
		})
	},
}

// If only the SDK's signer is asked, the URL is that of the SDK's client.
func TestSameURLAsTheSDK(t *testing.T) {
	for name, change := range plainClients {
		for _, key := range []string{"k", "a b/ü+%2F.txt", "/a//b"} {
			for _, method := range []string{"GET", "HEAD"} {
				checkSame(t, offline(change), "bkt", key, downloadview.SignOptions{Method: method, Expiry: time.Minute, Disposition: "attachment; filename=\"a b+c%.txt\"", ContentType: "text/plain"})
			}
		}
		f := file(t, s3bucket.New(offline(change), "bkt", nil), "a/report.pdf")
		for _, method := range []string{"GET", "HEAD"} {
			o := downloadview.SignOptions{Method: method}
			for range manyURLs {
				signed(t, f, o)
			}
			if n := testing.AllocsPerRun(10, func() { signed(t, f, o) }); n > 100 {
				t.Errorf("%s, %s: %v allocations, want at most 100", name, method, n)
			}
		}
	}
}

// A changedClient isn't plain, or its bucket isn't.
type changedClient struct {
	name   string
	bucket string
	change func(*s3.Options)
}

func changedClients() []changedClient {
	arn := "arn:aws:s3:us-east-1:123456789012:accesspoint/mine"
	ofAWS := func(o *s3.Options) { o.BaseEndpoint, o.UsePathStyle = nil, false }
	requests := 0
	return []changedClient{
		{"middleware", "bkt", func(o *s3.Options) {
			o.APIOptions = append(o.APIOptions, func(s *middleware.Stack) error {
				return s.Build.Add(middleware.BuildMiddlewareFunc("mine", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
					r := in.Request.(*smithyhttp.Request)
					if special(r.URL.Path) {
						r.URL.RawQuery += "&pair=" + strconv.Itoa(requests/2) // ours and the SDK's
						requests++
					}
					return next.HandleBuild(ctx, in)
				}), middleware.After)
			})
		}},
		{"interceptor", "bkt", func(o *s3.Options) { o.Interceptors.AddBeforeSigning(elsewhere{}) }},
		{"endpoint resolver", "bkt", func(o *s3.Options) { o.EndpointResolverV2 = byKey{} }},
		{"auth scheme resolver", "bkt", func(o *s3.Options) { o.AuthSchemeResolver = inAnotherRegion{} }},
		{"older endpoint resolver", "bkt", func(o *s3.Options) {
			o.BaseEndpoint = nil
			//lint:ignore SA1019 such clients are still made
			o.EndpointResolver = s3.EndpointResolverFromURL("http://older:9000")
		}},
		{"tracing", "bkt", func(o *s3.Options) { o.TracerProvider = traced{} }},
		{"access point", arn, ofAWS},
		{"access point in another region", strings.Replace(arn, "us-east-1", "eu-west-1", 1), func(o *s3.Options) { ofAWS(o); o.UseARNRegion = true }},
		{"access point by its alias", "mine-hrzrlukc5m36ft7okagglf3gmwluquse1b-s3alias", ofAWS},
		{"object lambda", "arn:aws:s3-object-lambda:us-east-1:123456789012:accesspoint/mine", ofAWS},
		{"outpost", "arn:aws:s3-outposts:us-east-1:123456789012:outpost/op-01234567890123456/accesspoint/mine", ofAWS},
		{"several regions", "arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap", ofAWS},
		{"directory bucket without sessions", "bkt--euc1-az1--x-s3", func(o *s3.Options) { ofAWS(o); o.DisableS3ExpressSessionAuth = aws.Bool(true) }},
		{"directory bucket", "bkt--euc1-az1--x-s3", func(o *s3.Options) { ofAWS(o); o.ExpressCredentials = sessions{} }},
		{"anonymous", "bkt", func(o *s3.Options) { o.Credentials = nil }},
		{"anonymous by name", "bkt", func(o *s3.Options) { o.Credentials = aws.AnonymousCredentials{} }},
		{"no bucket's name", "B_k", ofAWS},
		{"with a dot", "a.b", ofAWS},
		{"empty", "", ofAWS},
		{"no region", "bkt", func(o *s3.Options) { ofAWS(o); o.Region = "" }},
	}
}

// If something of the caller's may change the URL, it does.
func TestSameURLAsTheSDKOfChangedClients(t *testing.T) {
	for _, tt := range changedClients() {
		t.Run(tt.name, func(t *testing.T) {
			for _, method := range []string{"GET", "HEAD"} {
				checkSame(t, offline(tt.change), tt.bucket, "a b/c", downloadview.SignOptions{Method: method, Expiry: time.Minute})
			}
		})
	}
}

// sessions are those of directory buckets.
type sessions struct{}

func (sessions) Retrieve(_ context.Context, bucket string) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "session", SecretAccessKey: "of " + bucket, SessionToken: "token"}, nil
}

// special reports whether a client that is made for these tests treats a key in
// another way than those that a storage learns from.
func special(key string) bool { return strings.HasSuffix(key, "b/c") }

type elsewhere struct{}

func (elsewhere) BeforeSigning(_ context.Context, in *smithyhttp.InterceptorContext) error {
	if special(in.Request.URL.Path) {
		in.Request.URL.Host = "elsewhere.test"
	}
	return nil
}

type byKey struct{}

func (byKey) ResolveEndpoint(_ context.Context, p s3.EndpointParameters) (smithyendpoints.Endpoint, error) {
	if special(aws.ToString(p.Key)) {
		return smithyendpoints.Endpoint{URI: url.URL{Scheme: "https", Host: "special.test"}}, nil
	}
	return smithyendpoints.Endpoint{URI: url.URL{Scheme: "https", Host: "usual.test"}}, nil
}

type inAnotherRegion struct{}

func (inAnotherRegion) ResolveAuthSchemes(context.Context, *s3.AuthResolverParameters) ([]*smithyauth.Option, error) {
	var p smithy.Properties
	smithyhttp.SetSigV4SigningName(&p, "s3")
	smithyhttp.SetSigV4SigningRegion(&p, "another")
	return []*smithyauth.Option{{SchemeID: smithyauth.SchemeIDSigV4, SignerProperties: p}}, nil
}

// FuzzSign compares URLs with those of the SDK's client.
func FuzzSign(f *testing.F) {
	const ours = "http://minio:9000"
	f.Add("bkt", "a b/c", ours, "us-east-1", "token", "attachment", "text/plain", "private", uint32(60), uint16(1))
	f.Add("a.b", "//a/./ü%2F+", "", "eu-central-1", "", "", "", "", uint32(1), uint16(0))
	f.Add("bkt", "nl\n\x01", "https://one.test:443/a b/%2F/", "us-east-1", "t/+=", "a&b=c;d", "", "", uint32(604800), uint16(3))
	f.Add("arn:aws:s3:us-east-1:123456789012:accesspoint/mine", "k", "", "us-east-1", "", "", "", "", uint32(60), uint16(0))
	f.Add("arn:aws:s3::123456789012:accesspoint/mfzwi23gnjvgw.mrap", "k", "", "us-east-1", "", "", "", "", uint32(60), uint16(0))
	f.Add("bkt--euc1-az1--x-s3", "k", "", "eu-central-1", "", "", "", "", uint32(60), uint16(1<<10))
	for bit := range 11 {
		f.Add("bkt", "k~'()*!", "", "us-east-1", "token", "attachment; filename=\"ü\"", "", "", uint32(60), uint16(1<<bit))
	}
	f.Fuzz(func(t *testing.T, bucket, key, endpoint, region, session, disposition, contentType, cacheControl string, expiry uint32, bits uint16) {
		client := offline(func(o *s3.Options) { fuzzed(o, endpoint, region, session, bits) })
		o := downloadview.SignOptions{
			Method: http.MethodGet, Expiry: time.Duration(expiry%604800+1) * time.Second,
			Disposition: disposition, ContentType: contentType, CacheControl: cacheControl,
		}
		if bits>>1&1 == 1 {
			o.Method = http.MethodHead
		}
		checkSame(t, client, bucket, key, o)
	})
}

// fuzzed changes the options of a client.
func fuzzed(o *s3.Options, endpoint, region, session string, bits uint16) {
	is := func(bit int) bool { return bits>>bit&1 == 1 }
	o.BaseEndpoint, o.Region, o.UsePathStyle = nil, region, is(0)
	if endpoint != "" {
		o.BaseEndpoint = &endpoint
	}
	o.UseAccelerate, o.UseARNRegion, o.DisableMultiRegionAccessPoints = is(2), is(4), is(5)
	if is(3) {
		o.EndpointOptions.UseDualStackEndpoint = aws.DualStackEndpointStateEnabled
	}
	if is(6) {
		o.EndpointOptions.UseFIPSEndpoint = aws.FIPSEndpointStateEnabled
	}
	o.EndpointOptions.DisableHTTPS = is(7)
	if is(8) {
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenSupported
	}
	if is(9) {
		o.Interceptors.AddBeforeSigning(elsewhere{})
	}
	o.DisableS3ExpressSessionAuth, o.ExpressCredentials = aws.Bool(is(10)), sessions{}
	o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "a", SecretAccessKey: "b", SessionToken: session}, nil
	})
}
