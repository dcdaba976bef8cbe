//go:build unix

package command

import (
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/downloadview/downloadview/internal/completion"
	"github.com/downloadview/downloadview/internal/testserver"
)

// Each shell completes command lines, at a terminal.
func TestCompletion(t *testing.T) {
	withoutRaceDetector(t)
	for _, shell := range completion.Shells {
		t.Run(shell, func(t *testing.T) {
			testserver.Binary(t, shell, "DOWNLOADVIEW_SHELL")
			testscript.Run(t, testscript.Params{
				Files:               []string{filepath.Join("testdata", "completion", shell+".txtar")},
				RequireExplicitExec: true,
				Setup:               func(e *testscript.Env) error { e.Setenv("TERM", "dumb"); return nil },
			})
		})
	}
}
