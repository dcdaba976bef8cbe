package remote_test

import (
	"testing"
	"time"

	"github.com/downloadview/downloadview/storage/remote"
	"github.com/downloadview/downloadview/storage/storagetest"
)

func TestConformance(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storagetest.Fixture {
		srv := startFileServer(t)
		return storagetest.Fixture{Storage: below(t, srv.URL+"/files", remote.Options{}), Put: srv.put, SetModTime: func(key string, at time.Time) error {
			return srv.root.Chtimes(key, at, at)
		}}
	})
}
