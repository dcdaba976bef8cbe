package command

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/middleware"
)

// gates are the gates of a server's mounts, and the links that they let in.
type gates struct {
	log      *accessLog
	clients  *middleware.Clients
	leases   *middleware.Leases
	flag     string           // the value of --key-file, which begins at the working directory
	byPath   map[string]*gate // by the path of the mount
	verifier map[string]*verifier
}

// A gate stands in front of a mount. If the mount requires signed links, the gate lets
// only requests with a valid one in.
type gate struct {
	mount  http.Handler
	pages  bool                    // the mount has pages of folders, or archives of them
	signed atomic.Pointer[guarded] // nil: no link is needed
}

// A guarded handler is a mount behind its links.
type guarded struct {
	http.Handler
	links *middleware.Links
	keys  *middleware.Keys
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := g.signed.Load()
	if h == nil {
		g.mount.ServeHTTP(w, r)
		return
	}
	if g.pages && strings.HasSuffix(r.URL.Path, "/") {
		r = h.withPage(r)
	}
	h.ServeHTTP(w, r)
}

// requires reports whether the mount requires signed links.
func (g *gate) requires() bool { return g.signed.Load() != nil }

// A verifier has the keys of one key file.
type verifier struct {
	keys  *middleware.Keys
	links *middleware.Links
}

// openGates reads the key files of c.
func (s *serve) openGates(c *config.Config, leases *middleware.Leases, log *accessLog) (*gates, error) {
	clients, err := parseTrusted(c.TrustedProxies)
	if err != nil {
		return nil, err
	}
	if clients == nil {
		clients = middleware.NewClients(nil)
	}
	g := &gates{log: log, clients: clients, leases: leases, flag: s.KeyFile, byPath: make(map[string]*gate), verifier: make(map[string]*verifier)}
	for i := range c.Mounts {
		m := &c.Mounts[i]
		if !m.RequireSignature || g.verifier[m.KeyFile] != nil {
			continue
		}
		keys, err := g.read(c, m)
		if err != nil {
			return nil, err
		}
		if !anyAccepted(keys) {
			return nil, fmt.Errorf("key file %s: %w", m.KeyFile, errAllOver)
		}
		g.add(m.KeyFile, keys)
	}
	return g, nil
}

// read reads the key file of m.
func (g *gates) read(c *config.Config, m *config.Mount) (*middleware.Keys, error) {
	if m.KeyFile != g.flag {
		return keysOfMount(c, m)
	}
	keys, err := readKeys(g.flag, "")
	if err != nil {
		return nil, fmt.Errorf("--key-file: %w", err)
	}
	return keys, nil
}

// keysOfMount reads the key file that m has in the configuration file.
func keysOfMount(c *config.Config, m *config.Mount) (*middleware.Keys, error) {
	keys, err := readKeys(m.KeyFile, c.Folder())
	if err != nil {
		return nil, inFile(c, m.Line, c.MountKey(m), fmt.Errorf("key_file: %w", err))
	}
	return keys, nil
}

var errAllOver = errors.New("the accept-until of each key is over, so no link is valid; want a new key")

// anyAccepted reports whether a link of one of the keys can be valid now.
func anyAccepted(keys *middleware.Keys) bool {
	now := time.Now()
	return slices.ContainsFunc(keys.List(now), func(k middleware.KeyInfo) bool {
		return k.AcceptUntil.IsZero() || now.Before(k.AcceptUntil)
	})
}

func (g *gates) add(file string, keys *middleware.Keys) {
	g.verifier[file] = &verifier{keys, middleware.NewLinks(keys, &middleware.LinksOptions{
		ClientIP: g.clients.IP,
		Leases:   g.leases,
		Refused:  g.log.refuse,
	})}
}

// refuse answers a request that has no valid link, and logs it.
func (l *accessLog) refuse(w http.ResponseWriter, r *http.Request, err error) {
	l.wrap(func(w http.ResponseWriter, r *http.Request) downloadview.AbortedBy {
		tellReason(w, err)
		downloadview.WriteError(w, r, max(downloadview.StatusCode(err), http.StatusBadRequest))
		return downloadview.NotAborted
	}).ServeHTTP(w, r)
	if p := linkedPageOf(r); p != nil {
		p.refused = true
	}
}

// guard returns a handler that lets requests through the gate of m.
func (g *gates) guard(m *config.Mount, h http.Handler) *gate {
	at := &gate{mount: h, pages: m.Index || m.Archive}
	g.byPath[m.Path] = at
	g.set(at, m)
	return at
}

// set makes the gate require links, or none, as m says.
func (g *gates) set(at *gate, m *config.Mount) {
	if !m.RequireSignature {
		at.signed.Store(nil)
		return
	}
	v := g.verifier[m.KeyFile]
	at.signed.Store(&guarded{v.links.Handler(at.mount), v.links, v.keys})
}

// reload reads the key files of c again, and makes the mounts require the links that c
// says. The keys of a file that is wrong stay as they were.
func (g *gates) reload(c *config.Config, logger *slog.Logger) {
	read := make(map[string]bool) // whether the file is right
	for i := range c.Mounts {
		m := &c.Mounts[i]
		if _, done := read[m.KeyFile]; done || !m.RequireSignature {
			continue
		}
		keys, err := g.read(c, m)
		read[m.KeyFile] = err == nil
		switch v := g.verifier[m.KeyFile]; {
		case err != nil:
			logger.Error("the key file is wrong; the old keys stay in use", "error", err)
			continue
		case v != nil:
			v.keys.Swap(keys)
		default:
			g.add(m.KeyFile, keys)
		}
		message := "keys read again"
		if isCredential(m.KeyFile) {
			message += copied
		}
		logger.Info(message, "key_file", m.KeyFile, "keys", len(keys.List(time.Now())))
		if !anyAccepted(keys) {
			logger.Warn("no link is valid", "key_file", m.KeyFile, "error", errAllOver)
		}
	}
	for i := range c.Mounts {
		m := &c.Mounts[i]
		at := g.byPath[m.Path]
		if at == nil || m.RequireSignature && g.verifier[m.KeyFile] == nil {
			if at != nil && !at.requires() {
				logger.Error("the mount still needs no signed link, because its key file is wrong", "mount", m.Path)
			}
			continue // the key file is wrong, which was logged
		}
		required := at.requires()
		g.set(at, m)
		switch {
		case !required && m.RequireSignature:
			logger.Info("a signed link is needed from now on", "mount", m.Path)
		case required && !m.RequireSignature:
			logger.Info("no signed link is needed any more", "mount", m.Path)
		}
	}
}

// errElsewhere is the reason of the answer to a request for no mount, if all mounts
// require links. The answer is the same as that of a mount, so that a stranger doesn't
// learn which mounts there are.
var errElsewhere = &downloadview.StatusError{Status: http.StatusForbidden, Err: errors.New("nothing is mounted here")}

// elsewhere is the view whose answer that is, for explain.
var elsewhere = downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
	return downloadview.Response{}, &downloadview.StatusError{
		Status: errElsewhere.Status, Err: errElsewhere.Err, Header: http.Header{"Referrer-Policy": {"no-referrer"}},
	}
})
