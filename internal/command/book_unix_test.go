//go:build unix

package command

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/natstest"
	"github.com/downloadview/downloadview/internal/pgtest"
	"github.com/downloadview/downloadview/internal/redistest"
	"github.com/downloadview/downloadview/ledger"
)

// Two servers, one of which is behind nginx, nginx's log, and a third process that reads
// it: in each store, a download is one entry with all of its bytes.
func TestLedgerOfServers(t *testing.T) {
	t.Parallel()
	t.Run("postgres", func(t *testing.T) {
		postgres := pgtest.Start(t)
		testLedgerOf(t, "postgres:///postgres?sslmode=disable&user=app&host="+postgres.Socket)
	})
	t.Run("redis", func(t *testing.T) {
		redis := redistest.Start(t)
		testLedgerOf(t, "redis://"+redis.Addr, "REDISCLI_AUTH="+redis.Password)
	})
	t.Run("nats", func(t *testing.T) {
		nats := natstest.Start(t, 1)[0]
		testLedgerOf(t, "nats://"+nats.Addr, "NATS_USER=app", "NATS_PASSWORD="+natstest.Password)
	})
}

// If somebody removes the tables of a ledger while it is in use, they are made again, and a
// queue loses nothing.
func TestTablesAreRemoved(t *testing.T) {
	t.Parallel()
	postgres := pgtest.Start(t)
	store, err := openLedgerStore("postgres:///postgres?sslmode=disable&user=app&host=" + postgres.Socket)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	d := store.(*database)
	for i := range 2 {
		q := ledger.NewQueue(store, &ledger.QueueOptions{Logger: slog.New(slog.DiscardHandler)})
		_ = q.Add(t.Context(), ledger.Part{ID: "a", Kind: ledger.Logged, Began: time.Now(), Time: time.Now(), Size: -1})
		if err := q.Close(t.Context()); err != nil || q.Dropped() != 0 {
			t.Errorf("%v, %d dropped", err, q.Dropped())
		}
		if entries, err := d.Entries(t.Context(), "a"); err != nil || len(entries) != 1 {
			t.Errorf("round %d: %d entries, %v, want one", i+1, len(entries), err)
		}
		if _, err := d.db.ExecContext(t.Context(), "DROP TABLE ledger_downloads, ledger_entries"); err != nil {
			t.Fatal(err)
		}
	}
}

// startReader starts a process that reads the log of a proxy.
func startReader(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	p := &process{cmd: exec.Command("downloadview", args...), lines: make(chan string, linesKept)}
	p.cmd.Env = env
	stderr, err := p.cmd.StderrPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	go p.read(stderr)
	p.killAtEnd(t)
	p.mustAwait(t, "reading the proxy's log")
	return p
}

// stop ends a process by a signal.
func (p *process) stop(t *testing.T) {
	t.Helper()
	p.signal(t, syscall.SIGTERM)
	if status := p.wait(); status != 0 {
		t.Errorf("exit status %d, want 0", status)
	}
}

func testLedgerOf(t *testing.T, store string, env ...string) {
	const big = 1 << 20
	media := t.TempDir()
	writeFile(t, filepath.Join(media, "small.txt"), "0123456789")
	if err := os.Mkdir(filepath.Join(media, "big"), 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(media, "big", "a.bin")
	then := time.Now().Add(-time.Hour)
	if err := os.WriteFile(file, make([]byte, big), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, then, then); err != nil {
		t.Fatal(err)
	}
	env = append(os.Environ(), env...)
	dir := t.TempDir()
	keys, log, position := filepath.Join(dir, "links.keys"), filepath.Join(dir, "downloads.log"), filepath.Join(dir, "position")
	writeFile(t, keys, firstKey)
	rule := filepath.Join(media, "big") + "=/_big/"
	serve := func() *process {
		t.Helper()
		p, err := startProcess(t.TempDir(), env, "--ledger", store, "--require-signature", "--key-file", keys, "--trusted-proxies=127.0.0.1",
			"--accel=nginx", "--headers=private", "--rule", rule, media)
		if err != nil {
			t.Fatal(err)
		}
		p.killAtEnd(t)
		return p
	}
	first, second := serve(), serve()
	site := startPrinted(t, "nginx", unchanged, "--upstream", strings.TrimPrefix(first.url, "http://"), "--ledger", log, "--rule", rule)
	reader := startReader(t, env, "ledger", "--into", store, "--position", position, log)

	ask := func(url, rang string, status int) {
		t.Helper()
		r, err := http.NewRequest("GET", url, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Range", "bytes="+rang)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != status {
			t.Errorf("%s: %s, %v, want %d", rang, resp.Status, err, status)
		}
	}
	sent := signed(t, keys, "--id=mail-7", "/big/a.bin")
	streamed := signed(t, keys, "/small.txt")
	for _, rang := range []string{"0-99", "100-", "0-9"} {
		ask(site+sent, rang, http.StatusPartialContent)
	}
	ask(second.url+sent, "0-9", http.StatusOK) // handed over to nobody
	for _, url := range []string{site, second.url} {
		ask(url+streamed, map[string]string{site: "0-4"}[url]+map[string]string{second.url: "5-9"}[url], http.StatusPartialContent)
	}
	ask(site+"/small.txt", "0-4", http.StatusForbidden)
	awaitLines(t, log, 3)
	reader.stop(t)
	first.stop(t)
	second.stop(t)
	check := func() {
		t.Helper()
		got := entriesOf(t, env, store)
		if len(got) != 2 {
			t.Fatalf("entries %+v, want two", got)
		}
		if e := got[1]; e.Name != "big/a.bin" || e.Subject != "mail-7" || !e.Complete || e.Bytes != big+10 || e.HandedOver != 4 || e.Logged != 3 || e.Size != big {
			t.Errorf("what nginx sent: %+v", e)
		}
		if e := got[0]; e.Name != "small.txt" || e.Subject != "127.0.0.1" || !e.Complete || e.Bytes != 10 || e.Streamed != 2 || e.Logged != 0 {
			t.Errorf("what was streamed: %+v", e)
		}
	}
	check()
	// What was read isn't read again.
	again := startReader(t, env, "ledger", "--into", store, "--position", position, log)
	again.stop(t)
	check()
	// What is read again, because the position was not saved, doesn't count again.
	lost := startReader(t, env, "ledger", "--into", store, "--position", position+".lost", log)
	lost.stop(t)
	check()
	for _, p := range []*process{reader, first, second, again, lost} {
		if said := p.log.String(); strings.Contains(said, natstest.Password) || strings.Contains(said, "level=ERROR") || strings.Contains(said, "level=WARN") {
			t.Errorf("the log has a password or an error:\n%s", said)
		}
	}
}

// awaitLines waits until the log has as many lines: nginx writes one when the client has
// got all already.
func awaitLines(t *testing.T, log string, lines int) {
	t.Helper()
	for range 6000 {
		if b, err := os.ReadFile(log); err == nil && bytes.Count(b, []byte("\n")) >= lines {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s doesn't have %d lines", log, lines)
}

// entriesOf returns the entries of a store by their size.
func entriesOf(t *testing.T, env []string, store string) []ledger.Entry {
	t.Helper()
	cmd := exec.Command("downloadview", "ledger", "--json", store)
	var said strings.Builder
	cmd.Env, cmd.Stderr = env, &said
	out, err := cmd.Output()
	if err != nil || said.Len() > 0 {
		t.Fatalf("%v: %s", err, said.String())
	}
	var all []ledger.Entry
	for line := range bytes.Lines(out) {
		var e ledger.Entry
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b ledger.Entry) int { return int(a.Size - b.Size) })
	return all
}

// If the store can't be reached, downloads are answered as without a ledger, a proxy gets
// an ID, and the server stops. The log says what is missing, and has no password.
func TestLedgerThatIsAway(t *testing.T) {
	t.Parallel()
	media, big := mediaWith(t, "a.txt"), mediaWith(t, "b.txt")
	if err := os.Rename(big, filepath.Join(media, "big")); err != nil {
		t.Fatal(err)
	}
	for _, store := range []string{
		"postgres://app:geheim@127.0.0.1:1/files", "postgres://app@127.0.0.1:1/files?password=geheim", "nats://app:geheim@127.0.0.1:1,nats://geheim@127.0.0.1:2",
		"redis://:geheim@127.0.0.1:1",
	} {
		t.Run(store, func(t *testing.T) {
			p := start(t, "--grace=0s", "--metrics=127.0.0.1:0", "--ledger", store, "--accel=nginx", "--rule", filepath.Join(media, "big")+"=/_big/", media)
			metrics := p.metricsURL(t)
			for range 3 {
				if a := p.get(t, "GET", "/a.txt"); a.status != 200 || a.body != "a.txt" || a.header.Get(ledger.Field) != "" {
					t.Errorf("%+v", a)
				}
				if a := p.get(t, "GET", "/big/b.txt"); a.status != 200 || a.header.Get("X-Accel-Redirect") != "/_big/b.txt" || a.header.Get(ledger.Field) == "" {
					t.Errorf("%+v", a)
				}
			}
			if status, _ := fetchText(t, metrics+"/readyz"); status != 200 {
				t.Errorf("/readyz: %d", status)
			}
			p.stop(t)
			said := p.log.String()
			for _, want := range []string{`msg="downloads are missing in the ledger" error="ledger: 6 parts wait for the store: context deadline exceeded" dropped=6`} {
				if strings.Count(said, want) != 1 {
					t.Errorf("the log has %q %d times", want, strings.Count(said, want))
				}
			}
			if strings.Contains(said, "geheim") {
				t.Errorf("the log has the password:\n%s", said)
			}
		})
	}
}
