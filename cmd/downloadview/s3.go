package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/command"
	"github.com/downloadview/downloadview/storage/s3bucket"
)

// s3Parameters are the parameters of the Go CDK, and requester_pays. Those for writing
// objects, for checksums and for retries have no effect.
var s3Parameters = []string{
	"region", "endpoint", "use_path_style", "s3ForcePathStyle", "hostname_immutable", "anonymous", "profile", "role",
	"dualstack", "fips", "accelerate", "disable_https", "rate_limiter_capacity",
	"requester_pays", "request_checksum_calculation", "response_checksum_validation", "ssetype", "kmskeyid", "awssdk",
}

// openS3 finds the region and the credentials as the AWS SDK does: in the environment,
// in the files of the AWS tools, and at the first request from the machine's role.
func openS3(ctx context.Context, at *location, r *command.Reach) (downloadview.Storage, func() error, error) {
	q := at.parameters
	where, err := endpoint("endpoint", q.Get("endpoint"))
	if err != nil {
		return nil, nil, &command.UsageError{Err: err}
	}
	is, err := s3Switches(q)
	if err != nil {
		return nil, nil, err
	}
	isARN := strings.HasPrefix(at.bucket, "arn:")
	if err := checkARN(at.bucket, is); err != nil {
		return nil, nil, err
	}
	if err := checkHosts(at, is); err != nil {
		return nil, nil, err
	}
	files := watch(awsFiles()...)
	cfg, err := s3Config(ctx, q, is)
	if err != nil {
		return nil, nil, err
	}
	find := func(ctx context.Context) (aws.CredentialsProvider, error) {
		again, err := s3Config(ctx, q, is)
		return again.Credentials, err
	}
	t := newTransport(r.Connect)
	if c, ok := cfg.HTTPClient.(*awshttp.BuildableClient); ok {
		if theirs := c.GetTransport().TLSClientConfig; theirs != nil {
			t.TLSClientConfig = &tls.Config{RootCAs: theirs.RootCAs, MinVersion: tls.VersionTLS12} // certificates of AWS_CA_BUNDLE
		}
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.HTTPClient = &http.Client{Transport: r.Counted(link{t}), CheckRedirect: stay}
		o.Retryer = aws.NopRetryer{} // package resume retries
		if !is["anonymous"] {
			o.Credentials = credentials{&rotated{find: find, files: files, now: o.Credentials}}
		}
		o.UsePathStyle = isPathStyle(is)
		o.UseAccelerate = is["accelerate"]
		o.UseARNRegion = o.UseARNRegion || isARN // the region of the access point
		if is["requester_pays"] {
			o.APIOptions = append(o.APIOptions[:len(o.APIOptions):len(o.APIOptions)], requesterPays)
		}
		o.EndpointOptions.DisableHTTPS = is["disable_https"]
		if where != nil {
			o.BaseEndpoint = aws.String(where.String())
		}
		if o.Region == "" { // the usual region of self-hosted servers; S3's error names the right one
			o.Region = "us-east-1"
		}
	})
	storage := s3bucket.New(client, at.bucket, &s3bucket.Options{
		Prefix: at.prefix, SignEndpoint: at.signEndpoint, Logger: r.Logger,
	})
	return storage, closing(t), nil
}

// s3Config returns the SDK's configuration. The parameters q win over the environment.
// s3Config makes no requests.
func s3Config(ctx context.Context, q url.Values, is map[string]bool) (aws.Config, error) {
	options := []func(*config.LoadOptions) error{
		config.WithLogger(logging.Nop{}),
		config.WithRegion(q.Get("region")),
		config.WithSharedConfigProfile(q.Get("profile")),
	}
	if is["anonymous"] {
		options = append(options, config.WithCredentialsProvider(aws.AnonymousCredentials{}))
	}
	if is["dualstack"] {
		options = append(options, config.WithUseDualStackEndpoint(aws.DualStackEndpointStateEnabled))
	}
	if is["fips"] {
		options = append(options, config.WithUseFIPSEndpoint(aws.FIPSEndpointStateEnabled))
	}
	role := q.Get("role")
	if err := checkRole(role); err != nil {
		return aws.Config{}, err
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err == nil && role != "" {
		cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), role))
	}
	return cfg, err
}

func checkRole(role string) error {
	if role != "" && !strings.HasPrefix(role, "arn:") {
		return usagef("has the role %q; want its ARN, such as arn:aws:iam::123456789012:role/reader", role)
	}
	return nil
}

// checkARN refuses an ARN that isn't an access point's. It accepts names of buckets.
func checkARN(bucket string, is map[string]bool) error {
	if !strings.HasPrefix(bucket, "arn:") {
		return nil
	}
	const want = "want that of an access point, such as arn:aws:s3:eu-west-1:123456789012:accesspoint/reports"
	a, err := arn.Parse(bucket)
	switch {
	case err != nil:
		return usagef("has the ARN %q, which is not valid; %s", bucket, want)
	case !strings.HasPrefix(a.Service, "s3") || !strings.Contains(a.Resource, "accesspoint"):
		return usagef("has the ARN %q; %s", bucket, want)
	}
	for _, name := range []string{"use_path_style", "s3ForcePathStyle", "hostname_immutable"} {
		if is[name] {
			return usagef("has both %s and the ARN of an access point, which has its own host; want one of them", name)
		}
	}
	return nil
}

// checkHosts refuses a bucket and parameters for which S3 has no host, such as two that
// don't go together. It asks the SDK's rules, which need no request.
func checkHosts(at *location, is map[string]bool) error {
	region := at.parameters.Get("region")
	if a, err := arn.Parse(at.bucket); err == nil {
		region = cmp.Or(region, a.Region)
	}
	p := s3.EndpointParameters{
		Bucket: &at.bucket, Region: aws.String(cmp.Or(region, "us-east-1")), UseArnRegion: aws.Bool(true),
		ForcePathStyle: aws.Bool(isPathStyle(is)),
		UseDualStack:   aws.Bool(is["dualstack"]), UseFIPS: aws.Bool(is["fips"]), Accelerate: aws.Bool(is["accelerate"]),
	}
	hosts := []string{at.parameters.Get("endpoint")}
	if at.signEndpoint != nil {
		hosts = append(hosts, at.signEndpoint.String())
	}
	for _, host := range hosts {
		if host != "" {
			p.Endpoint = &host
		}
		if _, err := s3.NewDefaultEndpointResolverV2().ResolveEndpoint(context.Background(), p); err != nil {
			return usagef("leads to no host of S3: %w", err)
		}
	}
	return nil
}

func isPathStyle(is map[string]bool) bool {
	return is["use_path_style"] || is["s3ForcePathStyle"] || is["hostname_immutable"]
}

// s3Switches reads the parameters that are true or false.
func s3Switches(q url.Values) (map[string]bool, error) {
	is := make(map[string]bool)
	for _, name := range []string{
		"use_path_style", "s3ForcePathStyle", "hostname_immutable", "anonymous",
		"dualstack", "fips", "accelerate", "disable_https", "requester_pays",
	} {
		var err error
		if is[name], err = enabled(q, name); err != nil {
			return nil, err
		}
	}
	return is, nil
}

// enabled reads a parameter that is true or false. A missing parameter is false.
func enabled(q url.Values, name string) (bool, error) {
	value := q.Get(name)
	if value == "" {
		return false, nil
	}
	on, err := strconv.ParseBool(value)
	if err != nil {
		return false, usagef("has the %s %q; want true or false", name, value)
	}
	return on, nil
}

// stay is a CheckRedirect that follows 307 and 308 alone, as the SDK does: a signature
// is for one host. Where net/http has removed it, the token of a session goes, too.
func stay(r *http.Request, _ []*http.Request) error {
	switch r.Response.StatusCode {
	case http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		if r.Header.Get("Authorization") == "" {
			r.Header.Del("X-Amz-Security-Token")
			r.Header.Del("X-Amz-S3session-Token") // of a directory bucket
		}
		return nil // S3 redirects so to the region of a new bucket
	}
	return http.ErrUseLastResponse
}

// credentials are those of the SDK's chain. Their timeouts are reported as errors that
// are not timeouts, so that they aren't taken for timeouts of the store.
type credentials struct{ aws.CredentialsProvider }

func (c credentials) Retrieve(ctx context.Context) (aws.Credentials, error) {
	got, err := c.CredentialsProvider.Retrieve(ctx)
	if err != nil {
		return got, lasting(ctx, err)
	}
	return got, nil
}

// closing returns a function that closes the idle connections of t.
func closing(t *http.Transport) func() error {
	return func() error {
		t.CloseIdleConnections()
		return nil
	}
}
