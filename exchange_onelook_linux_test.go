package downloadview_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/testserver"
	"github.com/downloadview/downloadview/storage/disk"
)

// looked is the environment variable with the request that this process answers, if it
// runs under strace.
const looked = "DOWNLOADVIEW_LOOKED"

// Each kind of request for a local file makes one fstat(2), if the file is streamed
// and if it is checked before a hand-over.
func TestOneLook(t *testing.T) {
	if what := os.Getenv(looked); what != "" {
		lookOnce(t, what, os.Getenv(looked+"_FILE"))
		return
	}
	strace := testserver.Binary(t, "strace", "DOWNLOADVIEW_STRACE")
	file := filepath.Join(t.TempDir(), "looked-at")
	if err := os.WriteFile(file, make([]byte, 10_000), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"GET", "HEAD", "range", "304", "single", "handed over", "Stat"} {
		t.Run(what, func(t *testing.T) {
			log := filepath.Join(t.TempDir(), "log")
			cmd := exec.Command(strace, "-f", "-y", "-qq", "-e", "trace=/^fstat,newfstatat,statx", "-o", log, os.Args[0], "-test.run=^TestOneLook$")
			cmd.Env = append(os.Environ(), looked+"="+what, looked+"_FILE="+file)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			calls, err := os.ReadFile(log)
			if err != nil {
				t.Fatal(err)
			}
			// strace may print a call in two lines; the first one has the file.
			if looks := regexp.MustCompile(`\(\d+<`+regexp.QuoteMeta(file)+`>`).FindAll(calls, -1); len(looks) != 1 {
				t.Errorf("%d looks at the file, want 1:\n%s", len(looks), calls)
			}
		})
	}
}

func lookOnce(t *testing.T, what, file string) {
	root, err := os.OpenRoot(filepath.Dir(file))
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	f, err := disk.New(root, nil).File(filepath.Base(file))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest("GET", "/", nil)
	resp := downloadview.Response{File: f}
	want := http.StatusOK
	switch what {
	case "HEAD":
		r.Method = "HEAD"
	case "range":
		r.Header.Set("Range", "bytes=9000-")
		want = http.StatusPartialContent
	case "304":
		r.Header.Set("If-None-Match", "*")
		want = http.StatusNotModified
	case "single":
		if resp.File, err = disk.File(file); err != nil {
			t.Fatal(err)
		}
	case "handed over":
		a, err := accel.New(accel.Nginx(), []accel.Rule{{Source: filepath.Dir(file), Destination: "/_media/"}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp.Offloader, resp.CheckFirst = a, true
	case "Stat":
		if fi, err := downloadview.Stat(t.Context(), f); err != nil || fi.Size() != 10_000 {
			t.Fatal(fi, err)
		}
		return
	}
	w := httptest.NewRecorder()
	downloadview.Send(w, r, resp)
	io.Copy(io.Discard, w.Body)
	if w.Code != want || (what == "handed over") != (w.Header().Get("X-Accel-Redirect") != "") {
		t.Fatalf("%d, %v; want %d", w.Code, w.Header(), want)
	}
}
