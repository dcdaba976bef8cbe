package gcsbucket_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"cloud.google.com/go/storage"
	"google.golang.org/api/googleapi"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/internal/gcstest"
	"github.com/downloadview/downloadview/storage/gcsbucket"
)

// fake returns the bucket "bkt" of a server with answers that no real one can
// be made to give.
func fake(t *testing.T, answer http.HandlerFunc, o ...*gcsbucket.Options) *gcsbucket.Storage {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	client := gcstest.NewClient(t, srv.URL, &http.Transport{})
	return gcsbucket.New(client, "bkt", append(o, nil)[0])
}

// watchedFake is fake with a client that has a Transport of the package.
func watchedFake(t *testing.T, answer http.HandlerFunc) *gcsbucket.Storage {
	t.Helper()
	srv := httptest.NewServer(answer)
	t.Cleanup(srv.Close)
	return gcsbucket.New(gcstest.NewClient(t, srv.URL, gcsbucket.Transport(&http.Transport{})), "bkt", nil)
}

// isLook reports whether r is for metadata. Those requests use the JSON API,
// others the XML API.
func isLook(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/storage/v1/") }

// refuse answers as the JSON API does, whose errors have a reason.
func refuse(w http.ResponseWriter, status int, reason string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error":{"code":%d,"message":"no","errors":[{"reason":%q}]}}`, status, reason)
}

// fakes has the properties of this cloud that the tests of all clouds need.
var fakes = buckettest.Fake{
	Open:   func(t *testing.T, answer http.HandlerFunc) downloadview.Storage { return fake(t, answer) },
	Stamp:  func(h http.Header) { h.Set("X-Goog-Generation", "7") },
	Tag:    `"7"`,
	IsLook: isLook,
	Look: func(w http.ResponseWriter, content []byte) {
		kind := w.Header().Get("Content-Type")
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"bucket":"bkt","name":"a","size":"%d","generation":"7","contentType":%q}`, len(content), kind)
	},
	Refuse: func(w http.ResponseWriter, _ *http.Request, status int, code string) {
		w.WriteHeader(status)
		if code != "" {
			fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
		}
	},
}

// watched is fakes for a client with a Transport of the package, which provides
// what the SDK doesn't.
func watched() *buckettest.Fake {
	f := fakes
	f.Open = func(t *testing.T, answer http.HandlerFunc) downloadview.Storage { return watchedFake(t, answer) }
	return &f
}

func TestLookIsNoJudge(t *testing.T)         { fakes.LookIsNoJudge(t) }
func TestOtherSuccesses(t *testing.T)        { watched().OtherSuccesses(t) }
func TestEndlessErrors(t *testing.T)         { watched().EndlessErrors(t) }
func TestPartInsteadOfTheWhole(t *testing.T) { fakes.PartInsteadOfTheWhole(t) }
func TestStoreWithoutRanges(t *testing.T)    { fakes.WithoutRanges(t) }
func TestShortBody(t *testing.T)             { fakes.ShortBody(t) }
func TestStoreBreaksOff(t *testing.T)        { fakes.BreaksOff(t) }
func TestNothingOfTheStore(t *testing.T)     { fakes.TellsNothing(t) }
func TestUnknownSize(t *testing.T)           { fakes.UnknownSize(t) }

func TestOtherRanges(t *testing.T) {
	fakes.OtherRanges(t, map[string]error{
		"ignored, and all of it": nil,
		"all, and no range":      nil,
		// The SDK has only a text for this.
		"a part of nothing known": downloadview.ErrUpstream,
	})
}

// A key is never more than one segment.
func TestKeysOnTheWire(t *testing.T) {
	fakes.KeysOnTheWire(t, map[string]string{
		"a/b":         "/bkt/a%2Fb",
		"a//b":        "/bkt/a%2F%2Fb",
		"/a":          "/bkt/%2Fa",
		"a/../b":      "/bkt/a%2F..%2Fb",
		"a/./b":       "/bkt/a%2F.%2Fb",
		"a+b":         "/bkt/a+b",
		"a%41":        "/bkt/a%2541",
		"a%2Fb":       "/bkt/a%252Fb",
		"a?b&c":       "/bkt/a%3Fb&c",
		"a#b":         "/bkt/a%23b",
		"a b":         "/bkt/a%20b",
		"ąę日":         "/bkt/%C4%85%C4%99%E6%97%A5",
		`a\b:@,;=$~_`: "/bkt/a%5Cb:@%2C%3B=$~_",
	})
}

func TestUnreadableFields(t *testing.T) {
	watched().UnreadableFields(t, map[string]string{
		"Last-Modified":         "2026-01-02 03:04:05",
		"X-Goog-Metageneration": "first",
	}, nil, nil)
}

// The JSON API gives a reason in every error.
func TestErrorAnswers(t *testing.T) {
	byJSON := fakes
	byJSON.Refuse = func(w http.ResponseWriter, _ *http.Request, status int, code string) { refuse(w, status, code) }
	byJSON.Failures(t, []buckettest.Failure{
		{Status: 404, Code: "notFound", Want: fs.ErrNotExist, Client: 404},
		{Status: 403, Code: "forbidden", Want: fs.ErrNotExist, Client: 404},
		{Status: 400, Code: "userProjectMissing", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 401, Code: "authError", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 408, Code: "requestTimeout", Want: os.ErrDeadlineExceeded, Client: 504},
		{Status: 412, Code: "conditionNotMet", Want: downloadview.ErrChanged, Client: 503},
		{Status: 416, Code: "requestedRangeNotSatisfiable", Want: downloadview.ErrRange, Client: 500},
		{Status: 429, Code: "rateLimitExceeded", Want: downloadview.ErrUpstream, Client: 503},
		{Status: 500, Code: "backendError", Want: downloadview.ErrUpstream, Client: 502},
		{Status: 503, Code: "backendError", Want: downloadview.ErrUpstream, Client: 503},
		{Status: 504, Code: "gatewayTimeout", Want: os.ErrDeadlineExceeded, Client: 504},
	}, statusIn, "Open", "OpenRange", "Stat")
}

// The SDK has a separate error for 404.
func statusIn(err error) (int, bool) {
	if e, ok := errors.AsType[*googleapi.Error](err); ok {
		return e.Code, true
	}
	return http.StatusNotFound, strings.Contains(fmt.Sprint(err), storage.ErrObjectNotExist.Error())
}

func TestLastingFailuresAreAskedOnce(t *testing.T) {
	fakes.Tries(t, []buckettest.Try{
		{Status: 401, Code: "AuthenticationRequired", Asked: 1, Client: 502},
		{Status: 400, Code: "UserProjectMissing", Asked: 1, Client: 502},
		{Status: 403, Code: "SignatureDoesNotMatch", Asked: 1, Client: 502},
		{Status: 403, Code: "AccessDenied", Asked: 1, Client: 404},
		{Status: 400, Code: "InvalidURI", Asked: 1, Client: 404},
		{Status: 501, Asked: 1, Client: 502},
		{Status: 500, Asked: 3, Client: 502},
	})
}

func TestHeaderTimeout(t *testing.T) {
	buckettest.Silent(t, func(t *testing.T, url string, rt *http.Transport) downloadview.Storage {
		return gcsbucket.New(gcstest.NewClient(t, url, rt), "bkt", nil)
	})
}

func TestListingInCircles(t *testing.T) {
	// There are so many that the client requests no more to fill the page.
	const perPage = 1000
	buckettest.Circles(t, perPage, 1100, func(t *testing.T, l *buckettest.Listing) downloadview.Storage {
		return fake(t, func(w http.ResponseWriter, r *http.Request) {
			if l.Asked++; l.Asked > 2000 {
				http.Error(w, "enough", http.StatusForbidden)
				return
			}
			token := r.FormValue("pageToken")
			items := make([]string, l.Entries)
			for i := range items {
				items[i] = fmt.Sprintf(`{"name": "key%s%04d", "size": "1"}`, token, i)
			}
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"nextPageToken": %q, "items": [%s]}`, l.Next[token], strings.Join(items, ","))
		})
	}, nil)
}
