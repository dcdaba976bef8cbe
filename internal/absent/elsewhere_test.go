package absent_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"syscall"
	"testing"

	"github.com/downloadview/downloadview/internal/absent"
)

func TestElsewhere(t *testing.T) {
	missing := func(path string, err error) error { return &fs.PathError{Op: "open", Path: path, Err: err} }
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{fs.ErrNotExist, false},
		{errors.New("broken"), false},
		{missing("a/b.txt", syscall.ENOENT), false},
		{missing("/srv/media/a/b.txt", syscall.EACCES), false},
		{missing("", syscall.ENOENT), false},
		{fmt.Errorf("member: %w", missing("b.txt", fs.ErrNotExist)), false},
		{missing("a/b.txt", missing("/var/run/token", syscall.ENOENT)), true},
		{missing("/var/run/token", syscall.ENOENT), true},
		{missing("/var/cache/a", syscall.EACCES), true},
		{missing("a/b.txt", &net.OpError{Op: "dial", Err: syscall.EACCES}), true},
		{missing("a/b.txt", &net.DNSError{Err: "no such host"}), true},
		{missing("a/b.txt", &url.Error{Op: "Get", URL: "http://host/", Err: fs.ErrPermission}), true},
	} {
		if got := absent.Elsewhere(tt.err, "a/b.txt"); got != tt.want {
			t.Errorf("Elsewhere(%v) = %t, want %t", tt.err, got, tt.want)
		}
	}
}
