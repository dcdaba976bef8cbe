package command

import (
	"context"
	"net/url"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"gocloud.dev/blob"
	_ "gocloud.dev/blob/fileblob"
	_ "gocloud.dev/blob/memblob"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/leaktest"
	"github.com/downloadview/downloadview/storage/gocloud"
)

// TestMain makes the test binary the command too, with the buckets that need no cloud. No
// program that a test starts may write a key or a link.
func TestMain(m *testing.M) {
	testscript.Main(transcribed{leaktest.Checked{M: m}}, map[string]func(){
		"downloadview": func() {
			os.Exit(Run(context.Background(), os.Args[1:], recorded(os.Stdout, "stdout"), recorded(os.Stderr, "stderr"), openLocal))
		},
	})
}

func openLocal(ctx context.Context, u *url.URL, _ *Reach) (downloadview.Storage, func() error, error) {
	if !blob.DefaultURLMux().ValidBucketScheme(u.Scheme) {
		return nil, nil, usageErrorf("has an unknown scheme; want file:// or mem://")
	}
	b, err := blob.OpenBucket(ctx, u.String())
	if err != nil {
		return nil, nil, err
	}
	return gocloud.New(b, nil), b.Close, nil
}
