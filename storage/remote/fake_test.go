package remote_test

import (
	"net/http"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/buckettest"
	"github.com/downloadview/downloadview/storage/remote"
	"github.com/downloadview/downloadview/storage/resume"
)

// fakes has the properties of an origin that the tests of all clouds need. It
// has no error codes.
var fakes = buckettest.Fake{
	Open:  func(t *testing.T, answer http.HandlerFunc) downloadview.Storage { return fake(t, answer) },
	Stamp: func(h http.Header) { h.Set("ETag", `"v1"`) },
	Tag:   `"v1"`,
	Refuse: func(w http.ResponseWriter, _ *http.Request, status int, _ string) {
		w.Header().Set("Location", "http://elsewhere.test/")
		w.WriteHeader(status)
	},
}

// resumed is fakes below package resume.
func resumed() *buckettest.Fake {
	f := fakes
	f.Open = func(t *testing.T, answer http.HandlerFunc) downloadview.Storage {
		return resume.New(fake(t, answer), nil)
	}
	return &f
}

func TestLookIsNoJudge(t *testing.T) {
	t.Run("plain", fakes.LookIsNoJudge)
	t.Run("resumed", resumed().LookIsNoJudge)
}

func TestPartInsteadOfTheWhole(t *testing.T) { fakes.PartInsteadOfTheWhole(t) }
func TestRangesThatAreRefused(t *testing.T)  { fakes.WithoutRanges(t) }
func TestShortBody(t *testing.T)             { fakes.ShortBody(t) }
func TestOriginBreaksOff(t *testing.T)       { fakes.BreaksOff(t) }
func TestNothingOfTheOrigin(t *testing.T)    { fakes.TellsNothing(t) }
func TestUnknownSize(t *testing.T)           { fakes.UnknownSize(t) }

func TestOtherRanges(t *testing.T) {
	fakes.OtherRanges(t, map[string]error{
		"a part of nothing known": downloadview.ErrUpstream,
	})
}

func TestUnreadableFields(t *testing.T) {
	fakes.UnreadableFields(t, map[string]string{
		"Last-Modified": "2026-01-02 03:04:05",
		"Expires":       "never",
		"Repr-Digest":   "***",
	}, nil, nil)
}

func TestLastingFailuresAreAskedOnce(t *testing.T) {
	fakes.Tries(t, []buckettest.Try{
		{Status: 400, Asked: 1},
		{Status: 401, Asked: 1, Client: 404},
		{Status: 403, Asked: 1, Client: 404},
		{Status: 404, Asked: 1, Client: 404},
		{Status: 407, Asked: 1},
		{Status: 451, Asked: 1},
		{Status: 302, Asked: 1},
		{Status: 500, Asked: 3},
		{Status: 502, Asked: 3},
	})
}

func TestHeaderTimeout(t *testing.T) {
	buckettest.Silent(t, func(t *testing.T, url string, rt *http.Transport) downloadview.Storage {
		return below(t, url, remote.Options{Client: &http.Client{Transport: rt}})
	})
}
