// Package deploy has only tests, which run what this folder holds: what runs downloadview
// on a machine, such as units of systemd, a Debian package and containers.
package deploy

import (
	"context"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/downloadview/downloadview/internal/command"
	"github.com/downloadview/downloadview/internal/leaktest"
)

// TestMain makes the test binary the command downloadview too, without the clouds.
func TestMain(m *testing.M) {
	testscript.Main(leaktest.Checked{M: m}, map[string]func(){
		"downloadview": func() { os.Exit(command.Run(context.Background(), os.Args[1:], os.Stdout, os.Stderr, nil)) },
	})
}
