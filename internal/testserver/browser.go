package testserver

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Browse loads url in a real Chromium, with additional flags, and returns the
// page as it is after its load event, which waits for all frames, scripts and
// images. If the browser doesn't finish, which happens now and then, also at rest, it is
// started again. It takes a second or two, and gets more time with each try.
func Browse(t testing.TB, url string, flags ...string) (page string) {
	t.Helper()
	binary := Binary(t, "chromium", "DOWNLOADVIEW_CHROMIUM")
	for limit := 15 * time.Second; ; limit *= 3 {
		page, said, err := browse(t, binary, limit, append(flags, url))
		switch {
		case err == nil:
			return page
		case errors.Is(err, context.DeadlineExceeded) && limit < 2*time.Minute:
			t.Logf("chromium: %v\n%s", err, said)
		default:
			t.Fatalf("chromium: %v\n%s", err, said)
		}
	}
}

func browse(t testing.TB, binary string, limit time.Duration, args []string) (page, said string, err error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	all := []string{
		"--headless", "--disable-gpu", "--disable-quic", "--disable-component-update", "--no-first-run",
		"--user-data-dir=" + t.TempDir(), "--dump-dom",
	}
	if os.Getuid() == 0 {
		all = append(all, "--no-sandbox") // root can't use the sandbox
	}
	cmd := exec.CommandContext(ctx, binary, append(all, args...)...)
	cmd.WaitDelay = time.Second // its children may keep its output open
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.Output()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return string(out), log.String(), err
}
