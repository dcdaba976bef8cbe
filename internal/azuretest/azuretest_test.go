package azuretest

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/bloberror"
)

func TestServer(t *testing.T) {
	s := Start(t)
	content := bytes.Repeat([]byte("0123456789"), 300_000)
	const key = "a folder/ą+%41.bin"
	s.Put(t, key, content)
	s.Counter.Reset()

	out, err := s.Client.NewBlobClient(key).DownloadStream(t.Context(), &blob.DownloadStreamOptions{
		Range: blob.HTTPRange{Offset: 10, Count: 10},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer out.Body.Close()
	if got, err := io.ReadAll(out.Body); string(got) != "0123456789" || err != nil {
		t.Errorf("bytes 10-19 are %q, %v", got, err)
	}
	want := []Request{{Operation: "GetBlob", Range: "bytes=10-19"}}
	if got := s.Counter.Requests(); !slices.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
}

func TestBefore(t *testing.T) {
	s := Start(t)
	var seen []string
	s.Counter.Before(func(r Request) { seen = append(seen, r.Operation) })
	list := func() {
		if _, err := s.Client.NewListBlobsFlatPager(nil).NextPage(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	s.Client.NewBlobClient("x").GetProperties(t.Context(), nil)
	list()
	s.Counter.Before(nil)
	list()
	if want := []string{"GetBlobProperties", "ListBlobs"}; !slices.Equal(seen, want) {
		t.Errorf("saw %q before passing it on, want %q", seen, want)
	}
}

// The server is worth starting because it refuses requests that a fake would
// accept.
func TestServerChecksSignatures(t *testing.T) {
	s := Start(t)
	stranger := *s
	stranger.Key = "YW5vdGhlciBrZXk="
	_, err := stranger.NewClient(t, s.Container).NewBlobClient("x").GetProperties(t.Context(), nil)
	if !bloberror.HasCode(err, bloberror.AuthorizationFailure, bloberror.AuthenticationFailed) {
		t.Errorf("signed with another key: %v, want AuthorizationFailure or AuthenticationFailed", err)
	}
	resp, err := http.Get(s.Endpoint + "/" + s.Account + "/" + s.Container + "/x")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode < 400 {
		t.Errorf("without a signature: %s, want it refused", resp.Status)
	}
}

func TestServerChecksPreconditions(t *testing.T) {
	s := Start(t)
	s.Put(t, "x", []byte("new"))
	other := blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{IfMatch: to.Ptr(azcore.ETag(`"old"`))}}
	_, err := s.Client.NewBlobClient("x").DownloadStream(t.Context(), &blob.DownloadStreamOptions{AccessConditions: &other})
	if !bloberror.HasCode(err, bloberror.ConditionNotMet) {
		t.Errorf("another tag: %v, want ConditionNotMet", err)
	}
	if got := s.Counter.Requests(); got[len(got)-1] != (Request{Operation: "GetBlob", IfMatch: `"old"`}) {
		t.Errorf("counted %v, want the tag", got)
	}
}
