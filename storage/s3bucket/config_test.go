package s3bucket_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/downloadview/downloadview/storage/s3bucket"
)

// A client of the SDK's configuration from the environment is plain, too.
func TestClientOfTheEnvironment(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "eu-central-1", "AWS_MAX_ATTEMPTS": "4",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	cfg, err := config.LoadDefaultConfig(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if !s3bucket.IsDirect(s3bucket.New(s3.NewFromConfig(cfg), "bkt", nil)) {
		t.Error("the SDK is asked for each object")
	}
	checkSameGet(t, "bkt", "a b", "", 1, 2, func(o *s3.Options) { *o = s3.NewFromConfig(cfg).Options() })
}
