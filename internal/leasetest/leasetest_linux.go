package leasetest

import (
	"os"
	"os/signal"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Hold takes a write lease on the file and keeps it until the test ends.
func Hold(t testing.TB, name string) {
	t.Helper()
	lease(t, name)
}

// HoldUntilBroken takes a write lease on the file and releases it when the
// system signals that another process wants to open the file.
func HoldUntilBroken(t testing.TB, name string) {
	t.Helper()
	broken := make(chan os.Signal, 1)
	signal.Notify(broken, syscall.SIGIO)
	h := lease(t, name)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if _, ok := <-broken; ok {
			set(h, unix.F_UNLCK)
		}
	}()
	t.Cleanup(func() {
		signal.Stop(broken)
		close(broken)
		<-done
	})
}

func lease(t testing.TB, name string) *os.File {
	t.Helper()
	h, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := set(h, unix.F_WRLCK); err != nil {
		t.Fatalf("a lease on %s: %v", name, err)
	}
	t.Cleanup(func() {
		set(h, unix.F_UNLCK)
		h.Close()
	})
	return h
}

func set(h *os.File, kind int) error {
	_, err := unix.FcntlInt(h.Fd(), unix.F_SETLEASE, kind)
	return err
}
