package scene_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/ledger"
	"github.com/downloadview/downloadview/ledger/natsledger"
)

// audit compares the ledger with what the edge says that it sent to each client, and with
// what the clients got. It counts the downloads of each row whose entry doesn't add up,
// and returns how many entries the edge's log alone has made. What has just been sent may
// take a while to get into the ledger: until the applications have told whose downloads
// they are, if they were not killed.
func (s *site) audit(t *testing.T, rows []*row) (fromLog int) {
	t.Helper()
	var urls []string
	for _, n := range s.nats {
		urls = append(urls, n.URL())
	}
	store, err := natsledger.Connect(strings.Join(urls, ","), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for from := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		entries := s.entries(t, store)
		sent := s.sent(t)
		wrong, late := 0, false
		fromLog = 0
		for _, r := range rows {
			r.wrong = 0
			for _, d := range r.all {
				// If an application was killed before it had told whose download it is, the edge has.
				of := append(entries[d.id], entries[d.address]...)
				err := d.check(of, sent[d.address])
				if err != nil {
					r.wrong++
				}
				if err != nil && time.Since(from) > patience {
					t.Errorf("%s: %s from %s: %v", r.what, d.id, d.address, err)
				}
				fromLog += len(entries[d.address])
				late = late || len(entries[d.address]) > 0 && r.what != "an application"
			}
			wrong += r.wrong
		}
		late = late && time.Since(from) < patience/4
		if wrong == 0 && !late || time.Since(from) > patience {
			return fromLog
		}
	}
}

// check compares the entries of a download with what the edge sent.
func (d *download) check(entries []ledger.Entry, sent int64) error {
	if len(entries) != 1 {
		return fmt.Errorf("%d entries, want one: %+v", len(entries), entries)
	}
	e := entries[0]
	switch {
	case e.Bytes != sent:
		return fmt.Errorf("%d bytes, and the edge sent %d: %+v", e.Bytes, sent, e)
	case e.Complete == d.gaveUp:
		return fmt.Errorf("complete is %v, and that the client gave up is %v: %+v", e.Complete, d.gaveUp, e)
	case !d.gaveUp && e.Bytes < int64(len(d.content)):
		return fmt.Errorf("%d bytes, and the client got %d: %+v", e.Bytes, len(d.content), e)
	}
	return nil
}

// entries returns the entries of the ledger by their subject.
func (s *site) entries(t *testing.T, store *natsledger.Store) map[string][]ledger.Entry {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	type name struct{ id, version string }
	last := map[name]ledger.Entry{} // one that is changed meanwhile comes twice
	if err := store.All(ctx, func(e ledger.Entry) error {
		last[name{e.ID, e.Version}] = e
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	all := map[string][]ledger.Entry{}
	for _, e := range last {
		all[e.Subject] = append(all[e.Subject], e)
	}
	return all
}

// sent returns how many bytes of files the edge has sent, by the address of the client.
func (s *site) sent(t *testing.T) map[string]int64 {
	t.Helper()
	log, err := os.ReadFile(s.log)
	if err != nil {
		t.Fatal(err)
	}
	sent := map[string]int64{}
	for line := range bytes.Lines(log) {
		// The last words are the address and the path, which has no space.
		words := strings.Fields(string(line))
		if len(words) < 14 || !bytes.HasSuffix(line, []byte("\n")) {
			t.Fatalf("the edge has logged %q", line)
		}
		n, err := strconv.ParseInt(words[6], 10, 64)
		if err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if status := words[5]; status == "200" || status == "206" {
			sent[words[len(words)-2]] += n
		}
	}
	return sent
}
