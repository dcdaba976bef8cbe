package archive_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/archive"
)

// A breaking server breaks off its first answers after some bytes of each.
type breaking struct {
	http.Handler
	most int

	mu     sync.Mutex
	left   int      // answers to break off
	ranges []string // of the requests, "" for none
}

func (s *breaking) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.ranges = append(s.ranges, r.Header.Get("Range"))
	breaks := s.left > 0 && r.Method == http.MethodGet
	if breaks {
		s.left--
	}
	s.mu.Unlock()
	if breaks {
		w = &cutting{w, s.most}
	}
	s.Handler.ServeHTTP(w, r)
}

type cutting struct {
	http.ResponseWriter
	left int
}

func (w *cutting) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p[:min(w.left, len(p))])
	if w.left -= n; err == nil && n < len(p) {
		err = errors.New("the test breaks off here")
	}
	return n, err
}

// Common clients resume an archive whose download broke off.
func TestClientsResume(t *testing.T) {
	members := append(several(), member{"big", noise(7 << 20)}, member{"last", noise(1 << 20)})
	memory := archive.NewMemory(0)
	for name, which := range layouts {
		entries := withSums(members, which)
		zip := func() downloadview.File {
			return archive.Zip("a.zip", archive.Of(entries...), &archive.Options{Resume: memory})
		}
		want := read(t, zip())
		view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
			return downloadview.Response{File: zip()}, nil
		})
		for _, client := range []struct {
			command string
			breaks  int // answers that break off
			again   int // further calls of the command
		}{
			{"curl --silent --show-error --continue-at - --output a.zip", 2, 2},
			{"wget --no-verbose --no-config --tries=1 --continue --output-document a.zip", 2, 2},
			{"aria2c --no-conf --quiet --max-connection-per-server=4 --split=4 --min-split-size=1M --retry-wait=0 --max-tries=10 --file-allocation=none --out a.zip", 4, 0},
		} {
			words := strings.Fields(client.command)
			t.Run(words[0]+", "+name, func(t *testing.T) {
				s := &breaking{Handler: downloadview.NewHandler(view, &downloadview.Options{Logger: slog.New(slog.DiscardHandler)}), most: 1 << 20, left: client.breaks}
				server := httptest.NewServer(s)
				defer server.Close()
				dir := t.TempDir()
				args := slices.Concat(words[1:], []string{server.URL})
				for range client.again {
					if out, err := tryRun(t, dir, words[0], args...); err == nil {
						t.Fatalf("the download did not break off: %s", out)
					}
				}
				run(t, dir, words[0], args...)
				got, err := os.ReadFile(filepath.Join(dir, "a.zip"))
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d other bytes, want %d; %v", len(got), len(want), err)
				}
				if n := len(s.ranges); n < client.breaks+1 || s.ranges[n-1] == "" {
					t.Errorf("the requests had the ranges %q, so nothing was resumed", s.ranges)
				}
			})
		}
	}
}
