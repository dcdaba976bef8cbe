package leaktest_test

import (
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// leak is the environment variable with the kind of leak that this process
// should leave.
const leak = "DOWNLOADVIEW_LEAK"

var kept *os.File

func TestLeaksAreFound(t *testing.T) {
	switch os.Getenv(leak) {
	case "goroutine":
		go func() { select {} }()
		return
	case "signals":
		signal.Notify(make(chan os.Signal, 1), os.Interrupt)
		return
	case "descriptor":
		var err error
		if kept, err = os.Open(os.Args[0]); err != nil {
			t.Fatal(err)
		}
		return
	}
	for what, want := range map[string]string{"goroutine": "unexpected goroutines", "descriptor": "descriptors were open", "signals": "", "nothing": ""} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			if what == "descriptor" && runtime.GOOS != "linux" {
				t.Skip("descriptors are counted on Linux")
			}
			cmd := exec.Command(os.Args[0], "-test.run=^TestLeaksAreFound$")
			cmd.Env = append(os.Environ(), leak+"="+what)
			if what == "nothing" {
				cmd.Args[1] = "-test.run=^$"
			}
			out, err := cmd.CombinedOutput()
			if (err != nil) != (want != "") || !strings.Contains(string(out), want) {
				t.Errorf("leaving a %s behind: %v, want %q in\n%s", what, err, want, out)
			}
		})
	}
}
