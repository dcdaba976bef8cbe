package gcsbucket_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/gcstest"
	"github.com/downloadview/downloadview/storage/gcsbucket"
	"github.com/downloadview/downloadview/storage/storagetest"
)

// transports are the transports of the clients in the tests.
func transports() map[string]http.RoundTripper {
	return map[string]http.RoundTripper{
		"alone":          &http.Transport{},
		"with Transport": gcsbucket.Transport(&http.Transport{}),
	}
}

func TestConformance(t *testing.T) {
	srv := gcstest.Start(t)
	for name, transport := range transports() {
		client := srv.NewClient(t, transport)
		t.Run(name, func(t *testing.T) {
			fixtures := 0
			storagetest.Run(t, func(t *testing.T) storagetest.Fixture {
				fixtures++
				prefix := fmt.Sprintf("%s %d/", name, fixtures)
				// Without Fetch: this server ignores everything in a signed URL
				// except the object. TestSignedURL checks the signature.
				return storagetest.Fixture{
					Storage: gcsbucket.New(client, srv.Bucket, &gcsbucket.Options{Prefix: prefix, Signing: signing()}),
					Put: func(key string, content []byte) error {
						if strings.ContainsAny(key, "\r\n") { // Google has none, this server would
							return errors.ErrUnsupported
						}
						return srv.TryPut(t.Context(), prefix+key, content)
					},
				}
			})
		})
	}
}
