package readahead_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/readahead"
)

// Two hundred clients that stop reading together use the memory that one would
// use alone. When they continue, they all receive everything.
func TestSlowClients(t *testing.T) {
	const (
		clients = 200
		size    = 10 << 20
		budget  = 8 << 20
	)
	s := newStore(make([]byte, size))
	files := readahead.New(s, &readahead.Options{PartSize: 1 << 20, Budget: readahead.NewBudget(budget)})
	key := func(r *http.Request) (string, error) { return strings.TrimPrefix(r.URL.Path, "/"), nil }
	srv := httptest.NewServer(downloadview.NewHandler(
		downloadview.StorageView{Storage: files, Key: key},
		&downloadview.Options{Logger: slog.New(slog.DiscardHandler)},
	))
	defer srv.Close()

	before := inUse()
	bodies := make([]*http.Response, clients)
	for i := range bodies {
		bodies[i] = begin(t, srv.Listener.Addr().String())
	}
	used := inUse() - before
	t.Logf("%d clients: %.1f MiB beside a budget of %d MiB", clients, float64(used)/(1<<20)-budget>>20, budget>>20)
	// In addition to the budget there are the buffers of the server and of
	// copying.
	if limit := int64(budget + clients*(256<<10)); used > limit {
		t.Errorf("%d clients take %d bytes, want at most %d", clients, used, limit)
	}
	for i, resp := range bodies {
		n, err := io.Copy(io.Discard, resp.Body)
		if n != size || err != nil {
			t.Errorf("client %d: %d bytes, %v, want %d", i, n, err, size)
		}
		resp.Body.Close()
	}
}

// begin requests the file and reads the header of the answer, and hardly more.
func begin(t *testing.T, addr string) *http.Response {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprintf(conn, "GET /a/file HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReaderSize(conn, 512), nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

// inUse returns the memory that the program hasn't returned to the system.
func inUse() int64 {
	runtime.GC()
	debug.FreeOSMemory()
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	metrics.Read(s)
	return int64(s[0].Value.Uint64() + s[1].Value.Uint64())
}
