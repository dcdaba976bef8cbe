package main

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/command"
)

// A living is the running command.
type living struct {
	url    string
	client *http.Client

	mu    sync.Mutex
	lines []string // of stderr
	more  chan struct{}
}

// serve runs "downloadview serve" until the test is over. The command must then end
// without a failure.
func serve(t *testing.T, args ...string) *living {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	stderr, w := io.Pipe()
	transport := &http.Transport{DisableCompression: true}
	l := &living{more: make(chan struct{}, 1), client: &http.Client{Transport: transport, Timeout: time.Minute}}
	read := make(chan struct{})
	go func() {
		defer close(read)
		for s := bufio.NewScanner(stderr); s.Scan(); {
			l.mu.Lock()
			l.lines = append(l.lines, s.Text())
			l.mu.Unlock()
			select {
			case l.more <- struct{}{}:
			default:
			}
		}
	}()
	var stdout strings.Builder
	ended := make(chan int, 1)
	go func() {
		status := command.Run(ctx, append([]string{"serve", "--listen=127.0.0.1:0", "--grace=0s"}, args...), &stdout, w, open)
		w.Close()
		ended <- status
	}()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		stop()
		if status := <-ended; status != 0 {
			t.Errorf("exit status %d", status)
		}
		<-read
		if stdout.Len() > 0 {
			t.Errorf("on stdout: %s", &stdout)
		}
		if t.Failed() {
			t.Logf("the server said:\n%s", l.log())
		}
	})
	l.url = strings.TrimPrefix(l.await(t, read, "listening on "), "listening on ")
	return l
}

func (l *living) log() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, "\n")
}

// await waits for a line that contains text, and returns it.
func (l *living) await(t *testing.T, over <-chan struct{}, text string) string {
	t.Helper()
	for {
		for line := range strings.Lines(l.log()) {
			if strings.Contains(line, text) {
				return strings.TrimSpace(line)
			}
		}
		select {
		case <-l.more:
		case <-over:
			t.Fatalf("it ended without saying %q:\n%s", text, l.log())
		}
	}
}

// An answer is a response whose body was read to its end.
type answer struct {
	*http.Response
	body string
	err  error // of reading the body
}

func (l *living) get(t *testing.T, path string, header ...string) answer {
	t.Helper()
	return l.ask(t, http.MethodGet, path, header...)
}

func (l *living) ask(t *testing.T, method, path string, header ...string) answer {
	t.Helper()
	r, err := http.NewRequest(method, l.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := l.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return answer{resp, string(body), err}
}
