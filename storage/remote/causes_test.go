package remote_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/remote"
	"github.com/downloadview/downloadview/storage/storagetest"
)

// A connection's error, even that of a proxy or of a unix socket, isn't the
// origin's answer about the file.
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
