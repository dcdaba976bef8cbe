package remote_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/remote"
	"github.com/downloadview/downloadview/storage/storagetest"
)

// What a connection fails with, which may be that of a proxy or of a unix
// socket, is not what the origin says of the file.
func TestCauses(t *testing.T) {
	storagetest.RunCauses(t, func(t *testing.T, rt http.RoundTripper) downloadview.Storage {
		base, err := url.Parse("http://origin.test/files/")
		if err != nil {
			t.Fatal(err)
		}
		s, err := remote.New(base, &remote.Options{Client: &http.Client{Transport: rt}})
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
}
