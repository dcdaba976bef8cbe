package scene_test

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/downloadview/downloadview/internal/leaktest"
	"github.com/downloadview/downloadview/internal/natstest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// A row says what kills of one kind of server did.
type row struct {
	what                string
	kills               int
	underWay, resumed   int
	begun, waited       int
	failed, usedAgain   int
	fetched, fetchedNow int // pieces from the store: while it is down, and after it is back
	wrong               int // downloads whose entry in the ledger doesn't add up

	all []*download
}

// kinds are the kinds of servers, and how the nth of one is killed and comes back.
func (s *site) kinds(t *testing.T) []struct {
	what         string
	kill, revive func(n int)
} {
	var victim *server
	return []struct {
		what         string
		kill, revive func(n int)
	}{
		{"a cache node", func(n int) { victim = s.holder(t, n); victim.kill() }, func(int) { victim.start(t) }},
		{"an application", func(n int) { s.apps[n%2].kill() }, func(n int) { s.apps[n%2].start(t) }},
		{"a storage node", func(n int) { s.store.Kill(n % 3) }, func(n int) { s.store.Revive(t, n%3) }},
		{"a NATS server", func(n int) { s.nats[n%3].Kill() }, func(n int) { s.nats[n%3].Revive(t) }},
		{"the reader of the log", func(int) { s.reader.Kill() }, func(int) { s.read(t) }},
	}
}

// Whatever is killed, a download that had begun goes on or resumes, all bytes are right,
// a link lets one client in, and the ledger adds up. DOWNLOADVIEW_SCENE is a time, such as 10m, for which
// servers are killed; "": each kind once. DOWNLOADVIEW_SCENE_STAYS=1 leaves everything
// running until an interrupt.
func TestScene(t *testing.T) {
	began := time.Now()
	var lasts time.Duration
	if text := os.Getenv("DOWNLOADVIEW_SCENE"); text != "" {
		var err error
		if lasts, err = time.ParseDuration(text); err != nil {
			t.Fatalf("DOWNLOADVIEW_SCENE: %v", err)
		}
	}
	s := start(t)
	s.print(os.Stdout)
	cold := &row{what: "nothing, all caches empty"}
	s.round(t, cold, &cold.fetched)
	warm := &row{what: "nothing, again"}
	s.round(t, warm, &warm.fetched)
	if cold.fetched != objects*pieces || warm.fetched != 0 {
		t.Errorf("%d and %d pieces from the store, want %d and 0", cold.fetched, warm.fetched, objects*pieces)
	}
	costs := &row{what: "nothing, one after the other"}
	s.cost(t, os.Stdout, costs)
	rows := []*row{cold, warm}
	from := time.Now()
	kinds := s.kinds(t)
	for n := 0; n == 0 || time.Since(from) < lasts; n++ {
		for i, kind := range kinds {
			if n == 0 {
				rows = append(rows, &row{what: kind.what})
			}
			s.step(t, rows[2+i], func() { kind.kill(n) }, func() { kind.revive(n) })
		}
	}
	fromLog := s.audit(t, append(rows, costs))
	if costs.wrong > 0 {
		t.Errorf("%s: %d entries don't add up, want none", costs.what, costs.wrong)
	}
	for _, r := range rows {
		if r.wrong > 0 {
			t.Errorf("%s: %d entries don't add up, want none", r.what, r.wrong)
		}
		if r.failed > 0 || r.usedAgain > 0 {
			t.Errorf("%s: %d downloads failed, %d links were used again, want none", r.what, r.failed, r.usedAgain)
		}
		if r.fetchedNow > 0 {
			t.Errorf("%s: %d pieces were fetched when it was back, want none", r.what, r.fetchedNow)
		}
	}
	fmt.Printf("\n%d objects of %d pieces, %s in all\n\n", objects, pieces, time.Since(began).Round(time.Second))
	table(os.Stdout, rows)
	fmt.Printf("\n%d of %d entries have the client's address and not the link's ID: the application was killed before it wrote them.\n", fromLog, s.signed.Load())
	if os.Getenv("DOWNLOADVIEW_SCENE_STAYS") == "1" {
		s.stay(t)
	}
}

// step kills a server while downloads are under way, and lets it come back.
func (s *site) step(t *testing.T, r *row, kill, revive func()) {
	r.kills++
	var downloads []*download
	for i := range objects {
		downloads = append(downloads, s.begin(t, i))
	}
	if r.what == "a storage node" { // it matters only for what no cache node has
		s.put(t, len(s.contents))
		downloads = append(downloads, s.begin(t, len(s.contents)-1))
	}
	gaveUp := s.begin(t, 0)
	gaveUp.giveUp()
	kill()
	finish := sync.WaitGroup{}
	for _, d := range downloads {
		finish.Go(d.finish)
	}
	finish.Wait()
	r.underWay += len(downloads)
	for _, d := range downloads {
		if d.resumed {
			r.resumed++
		}
	}
	s.round(t, r, &r.fetched)
	revive()
	s.judge(t, r, append(downloads, gaveUp))
	s.round(t, r, &r.fetchedNow)
}

// round downloads each object, with four clients at a time, and adds the pieces that the
// store was asked for since the last round to fetched.
func (s *site) round(t *testing.T, r *row, fetched *int) {
	downloads := make([]*download, objects)
	var all sync.WaitGroup
	four := make(chan struct{}, 4)
	for i := range downloads {
		all.Go(func() {
			four <- struct{}{}
			defer func() { <-four }()
			downloads[i] = s.begin(t, i)
			downloads[i].finish()
		})
	}
	all.Wait()
	for _, method := range s.asked.Requests() {
		if method == http.MethodGet {
			*fetched++
		}
	}
	s.asked.Reset()
	r.begun += len(downloads)
	for _, d := range downloads {
		if d.waited {
			r.waited++
		}
	}
	s.judge(t, r, downloads)
}

// judge counts the downloads that failed, and the links that let a second client in.
func (s *site) judge(t *testing.T, r *row, downloads []*download) {
	for _, d := range downloads {
		if d.err != nil {
			t.Errorf("%s: %v", r.what, d.err)
			r.failed++
		} else if d.usedAgain() {
			r.usedAgain++
		}
		d.got = nil // much memory
	}
	r.all = append(r.all, downloads...)
}

// table prints rows in the form of the documentation.
func table(w io.Writer, rows []*row) {
	tw := tabwriter.NewWriter(w, 0, 0, 1, ' ', 0)
	line := func(cells ...any) { fmt.Fprintf(tw, "|"+strings.Repeat(" %v\t|", len(cells))+"\n", cells...) }
	line("killed", "times", "under way", "resumed", "new", "waited", "failed", "links used twice", "pieces fetched", "when it was back", "ledger")
	line("---", "---", "---", "---", "---", "---", "---", "---", "---", "---", "---")
	for _, r := range rows {
		line(r.what, r.kills, r.underWay, r.resumed, r.begun, r.waited, r.failed, r.usedAgain, r.fetched, r.fetchedNow, r.wrong)
	}
	tw.Flush()
}

// print prints where everything is.
func (s *site) print(w io.Writer) {
	fmt.Fprintf(w, "edge          http://%s\n", s.edge.addr)
	for _, c := range s.caches {
		fmt.Fprintf(w, "cache node    http://%s\n", c.addr)
	}
	for _, a := range s.apps {
		fmt.Fprintf(w, "application   http://%s\n", a.addr)
	}
	fmt.Fprintf(w, "Swift         %s\n", s.store.Endpoint)
	for _, n := range s.nats {
		fmt.Fprintf(w, "NATS          nats://%s\n", n.Addr)
	}
	fmt.Fprintf(w, "ledger        NATS_USER=app NATS_PASSWORD=%s %s ledger %s\n", natstest.Password, s.program, s.natsURLs())
}

// stay prints a link, and returns after an interrupt.
func (s *site) stay(t *testing.T) {
	d := s.begin(t, 0)
	d.body.Close()
	fmt.Printf("\nA link that was used:\n  curl -i '%s'\nAll runs until Ctrl-C.\n", d.url)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(stop)
	<-stop
}
