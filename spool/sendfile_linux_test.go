package spool_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/testserver"
	"github.com/downloadview/downloadview/spool"
)

func init() {
	children["traced"] = func(dir string) {
		s, err := spool.New(dir, nil)
		if err != nil {
			panic(err)
		}
		defer s.Close()
		p := making(content(500_000))
		if err := s.Warm(context.Background(), january, p.file(nil)); err != nil {
			panic(err)
		}
		view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
			return s.Response(r, january, downloadview.Response{File: p.file(nil)})
		})
		srv := httptest.NewServer(downloadview.NewHandler(view, nil))
		defer srv.Close()
		resp, err := http.Get(srv.URL)
		if err != nil {
			panic(err)
		}
		defer resp.Body.Close()
		var got bytes.Buffer
		_, err = got.ReadFrom(resp.Body)
		fmt.Println(bytes.Equal(got.Bytes(), content(500_000)), err)
	}
}

// strace sees that the kernel sends complete content.
func TestSendfile(t *testing.T) {
	strace := testserver.Binary(t, "strace", "DOWNLOADVIEW_STRACE")
	log := filepath.Join(t.TempDir(), "log")
	cmd := exec.Command(strace, "-f", "-qq", "-e", "trace=/^sendfile", "-o", log, os.Args[0])
	cmd.Env = append(os.Environ(), "SPOOL_CHILD=traced", "SPOOL_DIR="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "true <nil>\n" {
		t.Fatalf("%v\n%s", err, out)
	}
	calls, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	// strace may print a call in two lines; the last one has the result.
	if !regexp.MustCompile(`sendfile.* = [1-9]`).Match(calls) {
		t.Errorf("no call of sendfile:\n%s", calls)
	}
}
