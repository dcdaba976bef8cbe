package azurebucket_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/azuretest"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/azurebucket"
)

// fake returns the container "bkt" of a server with answers that no real one
// can be made to give. It is asked once per call.
func fake(t *testing.T, answer http.HandlerFunc, change ...func(*container.ClientOptions)) *azurebucket.Storage {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	return fakeAt(t, srv.URL, nil, change...)
}

// fakeAt returns the container "bkt" at a URL.
func fakeAt(t *testing.T, url string, o *azurebucket.Options, change ...func(*container.ClientOptions)) *azurebucket.Storage {
	t.Helper()
	options := azuretest.Options(t)
	for _, c := range change {
		c(options)
	}
	client, err := container.NewClientWithNoCredential(url+"/acct/bkt", options)
	if err != nil {
		t.Fatal(err)
	}
	return azurebucket.New(client, o)
}

// fakes has the properties of this cloud that the tests of all clouds need.
var fakes = buckettest.Fake{
	Open:  func(t *testing.T, answer http.HandlerFunc) downloadview.Storage { return fake(t, answer) },
	Stamp: func(h http.Header) { h.Set("ETag", `"v1"`) },
	Tag:   `"v1"`,
	Refuse: func(w http.ResponseWriter, _ *http.Request, status int, code string) {
		if code != "" {
			w.Header().Set("X-Ms-Error-Code", code)
		}
		w.WriteHeader(status)
	},
	RangeField: "X-Ms-Range",
	NoSuffix:   true,
}

func TestLookIsNoJudge(t *testing.T)         { fakes.LookIsNoJudge(t) }
func TestOtherSuccesses(t *testing.T)        { fakes.OtherSuccesses(t, http.StatusNotModified) }
func TestPartInsteadOfTheWhole(t *testing.T) { fakes.PartInsteadOfTheWhole(t) }
func TestStoreWithoutRanges(t *testing.T)    { fakes.WithoutRanges(t) }
func TestShortBody(t *testing.T)             { fakes.ShortBody(t) }
func TestStoreBreaksOff(t *testing.T)        { fakes.BreaksOff(t) }
func TestNothingOfTheStore(t *testing.T)     { fakes.TellsNothing(t) }
func TestUnknownSize(t *testing.T)           { fakes.UnknownSize(t) }
func TestTagsGetTheirQuotes(t *testing.T)    { fakes.Tags(t) }

func TestOtherRanges(t *testing.T) {
	fakes.OtherRanges(t, map[string]error{
		// The SDK can't express the range of all bytes and sends no range.
		"all, and no range": nil,
		"all, and a range":  downloadview.ErrUpstream,
		// Azurite's answer to a range at the end.
		"of no bytes": downloadview.ErrRange,
	})
}

func TestKeysOnTheWire(t *testing.T) {
	fakes.KeysOnTheWire(t, map[string]string{
		"a//b":       "/acct/bkt/a%2F%2Fb",
		"/a":         "/acct/bkt/%2Fa",
		"a/../b":     "/acct/bkt/a%2F..%2Fb",
		"a/./b":      "/acct/bkt/a%2F.%2Fb",
		"a+b":        "/acct/bkt/a+b",
		"a%41":       "/acct/bkt/a%2541",
		"a%2Fb":      "/acct/bkt/a%252Fb",
		"a?b&c":      "/acct/bkt/a%3Fb&c",
		"a#b":        "/acct/bkt/a%23b",
		"a b":        "/acct/bkt/a%20b",
		"ąę日":        "/acct/bkt/%C4%85%C4%99%E6%97%A5",
		"()'!*":      "/acct/bkt/%28%29%27%21%2A",
		`a":@,;=$~_`: "/acct/bkt/a%22:@%2C%3B=$~_",
	})
}

func TestUnreadableFields(t *testing.T) {
	fakes.UnreadableFields(t, map[string]string{
		"Last-Modified":                       "2026-01-02 03:04:05",
		"X-Ms-Creation-Time":                  "once",
		"X-Ms-Blob-Sequence-Number":           "first",
		"X-Ms-Copy-Completion-Time":           "soon",
		"X-Ms-Server-Encrypted":               "perhaps",
		"X-Ms-Tag-Count":                      "many",
		"X-Ms-Blob-Content-Md5":               "***",
		"X-Ms-Last-Access-Time":               "never",
		"X-Ms-Legal-Hold":                     "perhaps",
		"X-Ms-Is-Current-Version":             "perhaps",
		"X-Ms-Immutability-Policy-Until-Date": "soon",
	}, http.Header{"X-Ms-Meta-Owner": {"me"}}, func(fi fs.FileInfo) error {
		if got := downloadview.AttributesOf(fi).Metadata["owner"]; got != "me" {
			return fmt.Errorf("the owner is %q, want me", got)
		}
		return nil
	})
}

func TestErrorAnswers(t *testing.T) {
	byReading := map[string]int{"Stat": 2} // since HEAD may have no reason
	fakes.Failures(t, []buckettest.Failure{
		{Status: 404, Code: "BlobNotFound", Want: fs.ErrNotExist, Client: 404},
		{Status: 404, Code: "ContainerNotFound", Want: fs.ErrNotExist, Client: 404},
		{Status: 404, Code: "ResourceNotFound", Want: fs.ErrNotExist, Client: 404},
		{Status: 404, Code: "", Want: fs.ErrNotExist, Client: 404},
		{Status: 404, Code: "NotOfAzure", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 403, Code: "AuthorizationPermissionMismatch", Want: fs.ErrNotExist, Client: 404},
		{Status: 403, Code: "InsufficientAccountPermissions", Want: fs.ErrNotExist, Client: 404},
		{Status: 403, Code: "AuthenticationFailed", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 403, Code: "AuthorizationFailure", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 403, Code: "AccountIsDisabled", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 403, Code: "", Want: fs.ErrNotExist, Client: 404, Asked: byReading},
		{Status: 401, Code: "InvalidAuthenticationInfo", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 400, Code: "InvalidUri", Want: fs.ErrInvalid, Client: 404},
		{Status: 400, Code: "OutOfRangeInput", Want: fs.ErrInvalid, Client: 404},
		{Status: 400, Code: "InvalidHeaderValue", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 409, Code: "BlobArchived", Want: downloadview.ErrUpstream, Client: 503, After: "3600"},
		{Status: 409, Code: "BlobBeingRehydrated", Want: downloadview.ErrUpstream, Client: 503, After: "3600"},
		{Status: 412, Code: "ConditionNotMet", Want: downloadview.ErrChanged, Client: 503},
		{Status: 412, Code: "", Want: downloadview.ErrChanged, Client: 503},
		{Status: 412, Code: "LeaseIdMissing", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 416, Code: "InvalidRange", Want: downloadview.ErrRange, Client: 500},
		{Status: 429, Code: "TooManyRequests", Want: downloadview.ErrUpstream, Client: 503},
		{Status: 500, Code: "InternalError", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 503, Code: "ServerBusy", Want: downloadview.ErrUpstream, Client: 503},
		{Status: 503, Code: "", Want: downloadview.ErrUpstream, Client: 503},
	}, func(err error) (int, bool) {
		e, ok := errors.AsType[*azcore.ResponseError](err)
		if !ok {
			return 0, false
		}
		return e.StatusCode, true
	}, "Open", "OpenRange", "Stat")
}

func TestLastingFailuresAreAskedOnce(t *testing.T) {
	fakes.Tries(t, []buckettest.Try{
		{Status: 403, Code: "AuthenticationFailed", Asked: 1, Client: 502},
		{Status: 403, Code: "AuthorizationFailure", Asked: 1, Client: 502}, // the account's firewall
		{Status: 403, Code: "AccountIsDisabled", Asked: 1, Client: 502},
		{Status: 401, Code: "InvalidAuthenticationInfo", Asked: 1, Client: 502},
		{Status: 400, Code: "InvalidHeaderValue", Asked: 1, Client: 502},
		{Status: 409, Code: "ContainerBeingDeleted", Asked: 3, Client: 502},
		{Status: 500, Code: "InternalError", Asked: 3, Client: 502},
		{Status: 400, Code: "InvalidResourceName", Asked: 1, Client: 404},
	})
}

func TestSilentStore(t *testing.T) {
	buckettest.Silent(t, func(t *testing.T, url string, rt *http.Transport) downloadview.Storage {
		return fakeAt(t, url, nil, func(o *container.ClientOptions) { o.Transport = &http.Client{Transport: rt} })
	})
}

func TestListingInCircles(t *testing.T) {
	buckettest.Circles(t, 1, 20, func(t *testing.T, l *buckettest.Listing) downloadview.Storage {
		return fake(t, func(w http.ResponseWriter, r *http.Request) {
			if l.Asked++; l.Asked > 50 {
				http.Error(w, "enough", http.StatusForbidden)
				return
			}
			marker := r.FormValue("marker")
			w.Header().Set("Content-Type", "application/xml")
			fmt.Fprint(w, `<?xml version="1.0"?><EnumerationResults><Blobs>`)
			for range l.Entries {
				fmt.Fprintf(w, "<Blob><Name>key%s</Name></Blob>", marker)
			}
			fmt.Fprintf(w, `</Blobs><NextMarker>%s</NextMarker></EnumerationResults>`, l.Next[marker])
		})
	}, nil)
}
