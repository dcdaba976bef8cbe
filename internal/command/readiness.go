package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/downloadview/downloadview"
)

// A readiness says whether a server takes downloads. The storages are open and the keys
// are read by the time that there is one.
type readiness struct {
	storages map[string]downloadview.Storage // by name
	gates    *gates
	stopping <-chan struct{}
	logger   *slog.Logger

	asking sync.Mutex // one at a time asks the stores
}

// storesTime is how long each store may take for an answer.
const storesTime = 5 * time.Second

// problems returns a line for each reason why the server is not ready. The stores are
// asked only if stores is set.
func (r *readiness) problems(ctx context.Context, stores bool) (found []string) {
	select {
	case <-r.stopping:
		found = append(found, "the server is stopping")
	default:
	}
	if r.gates.anyOver() {
		found = append(found, "the accept-until of each key of a key file is over")
	}
	if stores {
		found = append(found, r.unreachable(ctx)...)
	}
	return found
}

// unreachable returns a line for each storage whose store doesn't answer. The log has the
// reasons.
func (r *readiness) unreachable(ctx context.Context) (found []string) {
	r.asking.Lock()
	defer r.asking.Unlock()
	for _, name := range slices.Sorted(maps.Keys(r.storages)) {
		err := reach(ctx, r.storages[name])
		if err == nil {
			continue
		}
		r.logger.Warn("a store doesn't answer", "storage", name, "error", err)
		if name == "" {
			found = append(found, "the store doesn't answer")
		} else {
			found = append(found, fmt.Sprintf("the store of storage %q doesn't answer", name))
		}
	}
	return found
}

// reach asks a store for the first entry of its list. An answer that refuses it is an
// answer, too.
func reach(ctx context.Context, s downloadview.Storage) error {
	ctx, cancel := context.WithTimeout(ctx, storesTime)
	defer cancel()
	for _, err := range downloadview.List(ctx, s, "") {
		if errors.Is(err, errors.ErrUnsupported) || errors.Is(err, fs.ErrPermission) {
			return nil
		}
		if err != nil && downloadview.StatusCode(err) >= http.StatusInternalServerError {
			return err
		}
		break
	}
	return ctx.Err()
}

// anyOver reports whether there is a mount that no link can be valid for.
func (g *gates) anyOver() bool {
	for _, at := range g.byPath {
		if h := at.signed.Load(); h != nil && !anyAccepted(h.keys) {
			return true
		}
	}
	return false
}
