package command

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
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

// ranWithoutRaceDetector runs the test in the program of $DOWNLOADVIEW_PLAIN instead of
// this one, and reports whether it did. It is for tests that compute much, and whose code
// runs with the race detector in other tests.
func ranWithoutRaceDetector(t *testing.T) bool {
	t.Helper()
	dir := os.Getenv("DOWNLOADVIEW_PLAIN")
	if dir == "" {
		return false
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "downloadview"), "-test.v", "-test.run=^"+regexp.QuoteMeta(t.Name())+"$")
	cmd.Args[0] = "command.test" // as "downloadview" it is the command
	cmd.Env = append(os.Environ(), "DOWNLOADVIEW_PLAIN=")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()+" ") {
		t.Errorf("without the race detector: %v\n%s", err, out)
	}
	return true
}
