// Package storagetest is for people who write a storage: a conformance suite,
// and storages that count and that fail. It is imported by tests only.
//
// [Run] needs a [Fixture], which is a storage and a way to put something into
// it. Everything else the suite decides. What a storage needn't offer
// ([downloadview.StatFile], [downloadview.RangeFile], [downloadview.Sourcer],
// [downloadview.Identifier], [downloadview.Pinner], [downloadview.Signer],
// [downloadview.Lister], [downloadview.Exister], [downloadview.Saver],
// [downloadview.Deleter], [downloadview.Timed], [downloadview.URLer],
// [downloadview.Pather]) is found by asking, and tested where it is there. The
// example is a whole storage, over a map, that passes.
//
// [RunCauses] is for storages that ask for their files over HTTP: what a request
// fails with says nothing of the file.
package storagetest

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
)

// A Fixture is a storage to test, and a way to put something into it.
type Fixture struct {
	Storage downloadview.Storage

	// Put stores content under key, in place of what is there. Where the place
	// behind the storage can't have that key the error is
	// [errors.ErrUnsupported], and the suite tests that the storage has nothing
	// under it. Any other error fails the test.
	Put func(key string, content []byte) error

	// SetModTime sets the time of the last change of the file that Put has stored
	// under key. If it is nil, the test that a time before 1981 makes no
	// validators is left out.
	SetModTime func(key string, at time.Time) error

	// Fetch sends a request to a signed URL of a [downloadview.Signer], such as
	// [http.Client.Do]. The answer has to be the file, also to HEAD, with the
	// fields that [downloadview.SignOptions] asked for. If Fetch is nil, the suite
	// looks at signed URLs and doesn't follow them.
	Fetch func(*http.Request) (*http.Response, error)
}

// Run tests the storage of a fixture, once as it is and once with all its
// files in a wrapper that does nothing but Unwrap. newFixture is called for
// each test and returns an empty storage; what it opens it closes in
// t.Cleanup.
func Run(t *testing.T, newFixture func(t *testing.T) Fixture) {
	t.Helper()
	for _, c := range checks() {
		t.Run(c.name, func(t *testing.T) {
			report(t, c.run(t.Context(), newFixture(t)))
		})
	}
	t.Run("wrapped", func(t *testing.T) {
		for _, c := range checks() {
			t.Run(c.name, func(t *testing.T) {
				report(t, c.run(t.Context(), newFixture(t).wrapped()))
			})
		}
	})
}

// A check finds out whether a storage keeps one of its promises. That it
// returns what it found, and doesn't report it itself, is how it is tested.
type check struct {
	name string
	run  func(context.Context, Fixture) error
}

func checks() []check {
	return []check{
		{"missing", checkMissing},
		{"invalid keys", checkInvalidKeys},
		{"aliases", checkAliases},
		{"odd keys", checkOddKeys},
		{"lazy", checkLazy},
		{"content", checkContent},
		{"handle", checkHandle},
		{"replaced", checkReplaced},
		{"cancelled", checkCancelled},
		{"parallel", checkParallel},
		{"stat", checkStat},
		{"dated", checkDated},
		{"ranges", checkRanges},
		{"ranges of nothing", checkRangesOfNothing},
		{"source", checkSource},
		{"identity", checkIdentity},
		{"pin", checkPin},
		{"sign", checkSign},
		{"list", checkList},
		{"list of nothing", checkListOfNothing},
		{"exists", checkExists},
		{"save", checkSave},
		{"save odd keys", checkSaveOddKeys},
		{"save fails", checkSaveFails},
		{"save at once", checkSaveAtOnce},
		{"delete", checkDelete},
		{"times", checkTimes},
		{"url", checkURL},
		{"path", checkPath},
	}
}

func report(t *testing.T, err error) {
	t.Helper()
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			t.Error(err)
		}
	} else if err != nil {
		t.Error(err)
	}
}
