//go:build unix

package command

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/downloadview/downloadview/internal/proxies"
)

// TestScript runs testdata/script. These commands are added to those of testscript:
//
//	exits STATUS PROGRAM ARGS...   runs PROGRAM, which must exit with STATUS
//	serve ARGS...                  starts a server, and sets $URL to its URL
//	http METHOD $URL PATH          asks the server; the answer is stdout
//	terminate STATUS               sends it SIGTERM; it must exit with STATUS;
//	                               its stderr is then in the file "log"
//	mkfile NAME TEXT               makes a file whose name is quoted as in Go
//	capture NAME                   sets $NAME to the last stdout, without its newline
//
// $SERVERS has the names of all servers, as sentences list them.
//
// No output of a script may have a key, or the MAC of a link: see checkTranscripts.
func TestScript(t *testing.T) {
	withoutRaceDetector(t)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":     scriptExits,
			"serve":     scriptServe,
			"http":      scriptHTTP,
			"terminate": scriptTerminate,
			"mkfile":    scriptMkfile,
			"capture":   scriptCapture,
		},
		Setup: func(e *testscript.Env) error {
			e.Values[serverKey{}] = new(*process)
			e.Setenv("SERVERS", proxies.Or(proxies.Servers()))
			transcripts := t.TempDir()
			e.Setenv("TRANSCRIPT", transcripts)
			e.Defer(func() {
				if checkTranscripts(t, e.WorkDir, transcripts) == 0 && filepath.Base(e.WorkDir) == "script-links" {
					t.Error("no secret was found in the output of a script that makes links")
				}
			})
			return nil
		},
	})
}

type serverKey struct{}

func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if neg || err != nil {
		ts.Fatalf("usage: exits STATUS PROGRAM ARGS...")
	}
	if got := exitStatus(ts.Exec(args[1], args[2:]...)); got != want {
		ts.Fatalf("exit status = %d, want %d", got, want)
	}
}

func scriptServe(ts *testscript.TestScript, neg bool, args []string) {
	env := append(os.Environ(), "HOME=/nonexistent", "TRANSCRIPT="+ts.Getenv("TRANSCRIPT"), "CREDENTIALS_DIRECTORY="+ts.Getenv("CREDENTIALS_DIRECTORY"))
	p, err := startProcess(ts.MkAbs("."), env, args...)
	if neg || err != nil {
		ts.Fatalf("serve: %v", err)
	}
	ts.Defer(func() {
		p.cmd.Process.Kill()
		p.wait()
	})
	*ts.Value(serverKey{}).(**process) = p
	ts.Setenv("URL", p.url)
	ts.Setenv("ADDR", strings.TrimPrefix(p.url, "http://"))
}

func scriptHTTP(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: http METHOD URL PATH [HEADER...]")
	}
	resp, body, err := fetch(args[1], args[0], args[2], args[3:]...)
	ts.Check(err)
	answer, err := os.CreateTemp(ts.Getenv("TRANSCRIPT"), "http-*")
	ts.Check(err)
	defer answer.Close()
	w := io.MultiWriter(ts.Stdout(), answer)
	fmt.Fprintln(w, resp.Status)
	resp.Header.Del("Date")
	for _, k := range slices.Sorted(maps.Keys(resp.Header)) {
		fmt.Fprintf(w, "%s: %s\n", k, strings.Join(resp.Header[k], ", "))
	}
	fmt.Fprintf(w, "\n%s", body)
}

func scriptTerminate(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	if neg || err != nil {
		ts.Fatalf("usage: terminate STATUS")
	}
	p := *ts.Value(serverKey{}).(**process)
	ts.Check(p.cmd.Process.Signal(syscall.SIGTERM))
	if got := p.wait(); got != want {
		ts.Fatalf("exit status = %d, want %d", got, want)
	}
	ts.Check(os.WriteFile(ts.MkAbs("log"), []byte(p.log.String()), 0o666))
}

func scriptCapture(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: capture NAME")
	}
	ts.Setenv(args[0], strings.TrimSuffix(ts.ReadFile("stdout"), "\n"))
}

func scriptMkfile(ts *testscript.TestScript, neg bool, args []string) {
	name, err := strconv.Unquote(args[0])
	if neg || err != nil {
		ts.Fatalf("usage: mkfile NAME TEXT")
	}
	ts.Check(os.WriteFile(ts.MkAbs(name), []byte(args[1]), 0o666))
}
