package command

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/middleware"
)

// A reached storage has a list that ends with an error.
type reached struct {
	downloadview.Storage
	err error // nil: the store doesn't answer
}

func (l reached) List(ctx context.Context, _ string) iter.Seq2[fs.FileInfo, error] {
	return func(yield func(fs.FileInfo, error) bool) {
		err := l.err
		if err == nil {
			<-ctx.Done()
			err = fmt.Errorf("%w: %w", downloadview.ErrUpstream, ctx.Err())
		}
		yield(nil, err)
	}
}

// The stores are asked only if the check says so. Their answers count, also those that
// refuse the list.
func TestStoresAreAskedOnRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		r := &readiness{
			storages: map[string]downloadview.Storage{
				"local": inMemory, "refused": reached{inMemory, fs.ErrPermission}, "empty": reached{inMemory, fs.ErrNotExist},
				"down": reached{inMemory, fmt.Errorf("%w: connection refused", downloadview.ErrUpstream)}, "silent": reached{Storage: inMemory},
			},
			gates: new(gates), logger: slog.New(slog.NewTextHandler(&log, nil)),
		}
		if got := r.problems(t.Context(), false); got != nil {
			t.Errorf("without asking: %q", got)
		}
		began := time.Now()
		got := r.problems(t.Context(), true)
		want := []string{`the store of storage "down" doesn't answer`, `the store of storage "silent" doesn't answer`}
		if !slices.Equal(got, want) || time.Since(began) != storesTime {
			t.Errorf("%q after %v, want %q after %v", got, time.Since(began), want, storesTime)
		}
		if n := strings.Count(log.String(), "level=WARN"); n != 2 || !strings.Contains(log.String(), "connection refused") {
			t.Errorf("the log has not two reasons:\n%s", &log)
		}
		r.storages = map[string]downloadview.Storage{"": r.storages["down"]}
		if got := r.problems(t.Context(), true); !slices.Equal(got, []string{"the store doesn't answer"}) {
			t.Errorf("%q", got)
		}
	})
}

// A mount that no link can be valid for makes the server not ready.
func TestKeysThatAreOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		until := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
		keys, err := middleware.ParseKeys("links.keys", fmt.Appendf(nil, "k1 %s accept-until=%s\n", strings.Repeat("A", 43), until.Format(time.RFC3339)))
		if err != nil {
			t.Fatal(err)
		}
		g := &gates{log: &accessLog{logger: slog.New(slog.DiscardHandler)}, clients: middleware.NewClients(nil), byPath: map[string]*gate{}, verifier: map[string]*verifier{}}
		g.add("links.keys", keys)
		g.guard(&config.Mount{Path: "/open/"}, nil)
		g.guard(&config.Mount{Path: "/", RequireSignature: true, KeyFile: "links.keys"}, nil)
		r := &readiness{gates: g}
		if got := r.problems(t.Context(), false); got != nil {
			t.Errorf("while a key is accepted: %q", got)
		}
		time.Sleep(time.Hour)
		if got := r.problems(t.Context(), false); !slices.Equal(got, []string{"the accept-until of each key of a key file is over"}) {
			t.Errorf("afterwards: %q", got)
		}
	})
}
