package testserver

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// recorder is a test that only records how it was ended.
type recorder struct {
	testing.TB
	failed, skipped string
}

func (r *recorder) Helper() {}
func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	panic(r)
}

func (r *recorder) Skipf(format string, args ...any) {
	r.skipped = fmt.Sprintf(format, args...)
	panic(r)
}

// end runs f, which may end the test by r.
func (r *recorder) end(f func()) {
	defer func() {
		if v := recover(); v != nil && v != r {
			panic(v)
		}
	}()
	f()
}

// A port is given out once, until its test ends.
func TestFreePort(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("other systems know no reserved ports")
	}
	var port int
	t.Run("inner", func(t *testing.T) {
		port = FreePort(t)
		if reserve(t, port) {
			t.Errorf("port %d is given out twice", port)
		}
	})
	if !reserve(t, port) {
		t.Errorf("port %d is not given back", port)
	}
}

func TestBinary(t *testing.T) {
	const envVar = "DOWNLOADVIEW_NO_SUCH_SERVER"
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DOWNLOADVIEW_REQUIRE_SERVERS", "")
	var r recorder
	r.end(func() { Binary(&r, "no-such-server", envVar) })
	if !strings.Contains(r.skipped, "no-such-server") || !strings.Contains(r.skipped, envVar) || r.failed != "" {
		t.Errorf("a server that is not there: skipped with %q, failed with %q, want a skip that names it and %s", r.skipped, r.failed, envVar)
	}

	t.Setenv("DOWNLOADVIEW_REQUIRE_SERVERS", "1")
	r = recorder{}
	r.end(func() { Binary(&r, "no-such-server", envVar) })
	if r.failed == "" || r.skipped != "" {
		t.Errorf("a required server that is not there: skipped with %q, failed with %q, want it to fail", r.skipped, r.failed)
	}

	t.Setenv(envVar, self)
	if got := Binary(t, "no-such-server", envVar); got != self {
		t.Errorf("Binary = %q, want what %s says, %q", got, envVar, self)
	}
	t.Setenv(envVar, filepath.Join(t.TempDir(), "gone"))
	r = recorder{}
	r.end(func() { Binary(&r, "no-such-server", envVar) })
	if !strings.Contains(r.failed, envVar) {
		t.Errorf("%s names what is not there: failed with %q, want a failure that names it", envVar, r.failed)
	}
}

func TestStart(t *testing.T) {
	if addr := os.Getenv("DOWNLOADVIEW_TEST_LISTEN"); addr != "" {
		listen(addr)
		return
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := func(listen string) *exec.Cmd {
		cmd := exec.Command(self, "-test.run=^TestStart$")
		cmd.Env = append(os.Environ(), "DOWNLOADVIEW_TEST_LISTEN="+listen)
		return cmd
	}
	addr := fmt.Sprintf("127.0.0.1:%d", FreePort(t))
	var p *Process
	t.Run("running", func(t *testing.T) {
		p = Start(t, addr, command(addr))
		WaitTCP(t, addr)
		if !strings.Contains(p.Log(), "here I am") {
			t.Errorf("log is %q, want what the server wrote", p.Log())
		}
	})
	select {
	case <-p.Done():
	default:
		t.Error("the server outlives its test")
	}

	t.Run("ends early", func(t *testing.T) {
		r := recorder{TB: t}
		r.end(func() { Start(&r, addr, command("no address")) })
		if !strings.Contains(r.failed, addr) {
			t.Errorf("a server that ends at once: failed with %q, want a failure that names %s", r.failed, addr)
		}
	})
}

// listen is the server: it prints a line and accepts connections until it is
// killed.
func listen(addr string) {
	fmt.Println("here I am")
	l, err := net.Listen("tcp", addr)
	if err != nil {
		os.Exit(1)
	}
	for {
		c, err := l.Accept()
		if err != nil {
			os.Exit(1)
		}
		c.Close()
	}
}
