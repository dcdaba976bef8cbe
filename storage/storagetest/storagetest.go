// Package storagetest is for authors of storages. It has a conformance suite, and
// wrappers that count the calls to the files of a storage ([Count]) or make them fail
// ([Fail]). Only tests import it.
//
// [Run] runs the suite on a [Fixture]: a storage and a function that stores a file
// in it. The suite tests an optional interface ([downloadview.StatFile],
// [downloadview.RangeFile], [downloadview.Sourcer], [downloadview.Identifier],
// [downloadview.Pinner], [downloadview.Signer], [downloadview.Lister],
// [downloadview.Exister], [downloadview.Saver], [downloadview.Deleter],
// [downloadview.Timed], [downloadview.URLer], [downloadview.Pather]) if the storage
// or its files implement it. The package example is a complete storage, over a map,
// that passes.
//
// [RunCauses] is for storages that send HTTP requests. It tests that the error of a
// failed request is not mistaken for a statement about the file.
package storagetest

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
)

// A Fixture is a storage to test, and functions that the suite needs to test it.
type Fixture struct {
	Storage downloadview.Storage

	// Put stores content under key and replaces a file that is there. It must not
	// be nil. If the place behind the storage can't have that key, Put returns
	// [errors.ErrUnsupported], and the suite tests that the storage has no file
	// under it. Any other error fails the test.
	Put func(key string, content []byte) error

	// SetModTime sets the modification time of the file that Put stored under
	// key. If it is nil, the suite doesn't test that times before 1981 are not
	// used as validators.
	SetModTime func(key string, at time.Time) error

	// Fetch sends a request to a signed URL of a [downloadview.Signer], as
	// [http.Client.Do] does. The answer to GET and HEAD must be that of the file,
	// with the fields in [downloadview.SignOptions]. If Fetch is nil, the suite
	// checks the form of signed URLs but sends no requests to them.
	Fetch func(*http.Request) (*http.Response, error)
}

// Run tests a storage twice: as it is, and with each of its files in a wrapper that
// has only an Unwrap method. It calls newFixture for each test; newFixture returns an
// empty storage, and closes what it opened in t.Cleanup.
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

// A check tests one promise of storages. It returns what it found as an error, and
// doesn't call t.Error, so that the checks themselves can be tested.
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
