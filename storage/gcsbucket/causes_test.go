package gcsbucket_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"testing"

	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/gcstest"
	"github.com/downloadview/downloadview/storage/gcsbucket"
	"github.com/downloadview/downloadview/storage/storagetest"
)

func TestCauses(t *testing.T) {
	open := func(t *testing.T, rt http.RoundTripper) downloadview.Storage {
		return gcsbucket.New(gcstest.NewClient(t, "http://gcs.test", rt), "bkt", nil)
	}
	storagetest.RunCauses(t, open)
	buckettest.KeepsCause(t, open)
}

// refusing is a transport that has no token for requests.
type refusing struct{ err error }

func (r refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, r.err }

// An answer from the service that issues tokens, or from IAM when it has to
// sign, isn't Google Cloud Storage's answer about the object.
func TestCausesOfCredentials(t *testing.T) {
	for _, cause := range []error{
		&googleapi.Error{Code: 404}, &googleapi.Error{Code: 403}, &googleapi.Error{Code: 412}, &googleapi.Error{Code: 416},
		fmt.Errorf("token file: %w", fs.ErrNotExist), fmt.Errorf("token file: %w", fs.ErrPermission),
		storage.ErrObjectNotExist, errors.ErrUnsupported,
	} {
		t.Run(cause.Error(), func(t *testing.T) {
			client := gcstest.NewClient(t, "http://gcs.test", refusing{cause})
			s := gcsbucket.New(client, "bkt", &gcsbucket.Options{Signing: &storage.SignedURLOptions{
				GoogleAccessID: "signer@example.test",
				SignBytes:      func([]byte) ([]byte, error) { return nil, cause },
			}})
			f := file(t, s, "a")
			_, err := f.Open(t.Context())
			buckettest.CheckCause(t, "Open", err, err)
			_, err = downloadview.Pin(f, `"7"`).Open(t.Context())
			buckettest.CheckCause(t, "Open pinned", err, err)
			_, err = downloadview.Stat(t.Context(), f)
			buckettest.CheckCause(t, "Stat", err, err)
			_, err = downloadview.Exists(t.Context(), s, "a")
			buckettest.CheckCause(t, "Exists", err, err)
			_, _, err = downloadview.SignedURL(t.Context(), f, downloadview.SignOptions{})
			buckettest.CheckCause(t, "SignedURL", err, err)
		})
	}
}

// A body that breaks off is detected.
func TestEarlyEnd(t *testing.T) {
	s := fake(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Goog-Generation", "7")
		w.Header().Set("Content-Length", "10")
		io.WriteString(w, "01234")
	})
	h, err := file(t, s, "a").Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	if _, err := io.ReadAll(h); !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, downloadview.ErrUpstream) {
		t.Errorf("%v, want ErrUpstream and io.ErrUnexpectedEOF", err)
	}
}
