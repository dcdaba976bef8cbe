package azurebucket_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/downloadview/downloadview/internal/azuretest"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/azurebucket"
	"github.com/downloadview/downloadview/storage/storagetest"
)

func TestConformance(t *testing.T) {
	srv := azuretest.Start(t)
	fixtures := 0
	storagetest.Run(t, func(t *testing.T) storagetest.Fixture {
		fixtures++
		prefix := fmt.Sprintf("fixture %d/", fixtures)
		return storagetest.Fixture{
			Storage: azurebucket.New(srv.Client, &azurebucket.Options{Prefix: prefix, Sign: azurebucket.SharedKey(srv.Credential(t))}),
			Fetch:   buckettest.Fetch(t),
			Put: func(key string, content []byte) error {
				// Azure has no such keys; this server has some, as other names of
				// the same blob.
				if strings.ContainsFunc(key, func(r rune) bool { return r == '\\' || unicode.IsControl(r) }) {
					return errors.ErrUnsupported
				}
				return srv.TryPut(t.Context(), prefix+key, content)
			},
		}
	})
}
