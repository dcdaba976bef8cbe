// Package benchprocess runs the server of a benchmark in a process of its own, so that
// its processor time can be told from that of the client. The process is the test's
// binary once more.
package benchprocess

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// variable is the environment variable with the arguments of Start.
const variable = "DOWNLOADVIEW_BENCH_PROCESS"

// Start runs the test TestServeForBenchmarks of this binary in a new process, which
// ends with the benchmark. what, without line breaks, says what the test serves. The
// results are the address that the test gave to [Serving], and the process's number.
func Start(b testing.TB, what ...string) (address string, pid int) {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestServeForBenchmarks$")
	cmd.Env = append(os.Environ(), variable+"="+strings.Join(what, "\n"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close() // which ends it
		cmd.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		b.Fatal(err)
	}
	return strings.TrimSpace(line), cmd.Process.Pid
}

// What returns what this process serves. It is empty if [Start] didn't start it; the
// test TestServeForBenchmarks then has nothing to do.
func What() []string {
	what := os.Getenv(variable)
	if what == "" {
		return nil
	}
	return strings.Split(what, "\n")
}

// Serving tells [Start] the address of the server, and returns when the benchmark ends.
func Serving(address string) {
	fmt.Println(address)
	io.Copy(io.Discard, os.Stdin)
}
