package command

import (
	"os"
	"testing"
)

// withoutRaceDetector makes the programs that a test starts the one of the folder
// $DOWNLOADVIEW_PLAIN, which is this test built without the race detector and starts
// seven times as fast. It is for tests that start many programs and look at what each
// answers to one request after another. "" changes nothing.
//
// All other tests start this program itself. What they are about happens at the same
// time: a stop, a reload, a takeover, limits, leases, many clients.
func withoutRaceDetector(t *testing.T) {
	t.Helper()
	if dir := os.Getenv("DOWNLOADVIEW_PLAIN"); dir != "" {
		t.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH"))
	}
}
