package command

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/downloadview/downloadview/internal/printable"
	"github.com/downloadview/downloadview/middleware"
)

// A linkExplanation says what a signed link grants, and whether it is valid. If the
// link is not genuine, it has only Valid, Reason and Error.
type linkExplanation struct {
	Path        string     `json:"path,omitempty"`
	Prefix      bool       `json:"prefix,omitempty"` // all files below Path
	Query       string     `json:"query,omitempty"`  // the signed parameters
	Host        string     `json:"host,omitempty"`   // "": any
	Key         string     `json:"key,omitempty"`    // the id of the key
	ID          string     `json:"id,omitempty"`
	NotBefore   *time.Time `json:"not_before,omitempty"`
	Expires     *time.Time `json:"expires,omitempty"`
	Name        string     `json:"name,omitempty"`
	Disposition string     `json:"disposition,omitempty"`
	Network     string     `json:"network,omitempty"`
	Times       int        `json:"times,omitempty"`
	Valid       bool       `json:"valid"`
	Note        string     `json:"note,omitempty"`   // what was not checked
	Reason      string     `json:"reason,omitempty"` // a middleware.LinkReason
	Error       string     `json:"error,omitempty"`
}

// explainLink prints the explanation of --link on stdout.
func (e *explain) explainLink(env *environment) error {
	if e.Storage != "" {
		return usageErrorf("explain: got both --link and %q; want one of them", e.Storage)
	}
	u, err := parseLink(e.Link)
	if err != nil {
		return err
	}
	client, err := parseClient(e.Client)
	if err != nil {
		return err
	}
	keys, err := e.linkKeys(u)
	if err != nil {
		return err
	}
	r := &http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: make(http.Header)}
	if e.Cookie != "" {
		r.Header.Set("Cookie", e.Cookie)
	}
	x := explainLink(keys, r, client)
	if e.JSON {
		err = writeJSON(env.stdout, x, "")
	} else {
		err = x.writeText(env.stdout, time.Now())
	}
	if err == nil && !x.Valid {
		err = fmt.Errorf("explain: the link would be refused: %s", x.Error)
	}
	return err
}

// parseLink reads a URL. Its errors have no part of it.
func parseLink(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || !strings.HasPrefix(u.Path, "/") {
		return nil, usageErrorf("--link: it is not a URL with a path that begins with a slash; want such as \"downloadview sign\" prints")
	}
	return u, nil
}

// parseClient reads the address of a client. That of "" is not valid.
func parseClient(s string) (netip.Addr, error) {
	if s == "" {
		return netip.Addr{}, nil
	}
	a, err := netip.ParseAddr(s)
	if err != nil {
		return a, usageErrorf("--client %q is not an address; want one such as 192.0.2.7", s)
	}
	return a, nil
}

// linkKeys returns the keys of --key-file, or else of the link's mount.
func (e *explain) linkKeys(u *url.URL) (*middleware.Keys, error) {
	if e.KeyFile != "" {
		keys, err := readKeys(e.KeyFile, "")
		if err != nil {
			return nil, fmt.Errorf("--key-file: %w", err)
		}
		return keys, nil
	}
	if e.Config == "" {
		return nil, usageErrorf("--link needs --key-file, or --config with a file that has a key_file; want one of them")
	}
	c, err := readConfig(e.Config)
	if err != nil {
		return nil, err
	}
	if err := setBasePath(c, e.BasePath); err != nil {
		return nil, err
	}
	path, _ := belowToken(u.Path)
	m, ok := mountOf(c, path)
	switch {
	case !ok:
		return nil, usageErrorf("--link: --config %s has no mount for the path %q; want --key-file, or a link to one of its mounts", e.Config, path)
	case !m.RequireSignature:
		return nil, usageErrorf("--link: the mount %q of --config %s requires no link; want --key-file with the file of its keys", m.Path, e.Config)
	}
	return keysOfMount(c, m)
}

// explainLink explains the link of r for a client, whose address may not be valid.
func explainLink(keys *middleware.Keys, r *http.Request, client netip.Addr) linkExplanation {
	links := middleware.NewLinks(keys, &middleware.LinksOptions{
		ClientIP: func(*http.Request) netip.Addr { return client },
	})
	info, err := links.Inspect(r)
	x := linkExplanation{Valid: err == nil}
	if refused, ok := errors.AsType[*middleware.LinkError](err); ok {
		x.refused(refused, info, keyIDOf(r), keys, client)
		if refused.Reason == middleware.LinkMissing && r.URL.Query().Has("dvn") {
			x.Error = "the link is for secure_link of nginx, which alone verifies it"
		}
	} else if err != nil {
		x.Error = err.Error()
	}
	if info.Path == "" {
		return x
	}
	x.Path, x.Prefix, x.Query, x.Key, x.ID = info.Path, info.Prefix, info.Query, keyIDOf(r), info.ID
	x.Name, x.Disposition, x.Times = info.Name, info.Disposition, info.Times
	if x.Valid && x.Times > 0 {
		x.note("only the server knows whether its downloads are used up")
	}
	if info.ThisHost {
		x.Host = r.Host
	}
	if info.Network.IsValid() {
		x.Network = info.Network.String()
	}
	if !info.NotBefore.IsZero() {
		begin := info.NotBefore.UTC()
		x.NotBefore = &begin
	}
	end := info.Expires.UTC()
	x.Expires = &end
	return x
}

// refused says why a link is refused, or that it is valid but for what only the server
// knows.
func (x *linkExplanation) refused(err *middleware.LinkError, info middleware.LinkInfo, keyID string, keys *middleware.Keys, client netip.Addr) {
	switch {
	case err.Reason == middleware.LinkOtherNetwork && !client.IsValid():
		x.Valid = true
		x.note("the client's address was not checked, want --client ADDR")
		return
	case err.Reason == middleware.LinkCounted: // no leases are open here
		x.Valid = true
		return
	}
	x.Reason = string(err.Reason)
	switch err.Reason {
	case middleware.LinkMissing:
		x.Error = "the URL has no signature; want the whole link"
	case middleware.LinkMalformed:
		x.Error = "it doesn't have the form of a link, or its path can be read in several ways; was it cut?"
	case middleware.LinkUnknownKey:
		x.Error = unknownKey(keyID, keys)
	case middleware.LinkAltered:
		x.Error = fmt.Sprintf("the key %s has not signed this: it was altered, signed with another key of that id, or is bound to a session or a version; nothing in it can be trusted", keyID)
	case middleware.LinkExpired:
		x.Error = "it expired at " + err.Time.UTC().Format(time.RFC3339)
	case middleware.LinkEarly:
		x.Error = "it is valid from " + err.Time.UTC().Format(time.RFC3339)
	case middleware.LinkOtherNetwork:
		x.Error = fmt.Sprintf("the client %s is not in %s", client, info.Network)
	default:
		x.Error = string(err.Reason)
	}
}

// note adds a note.
func (x *linkExplanation) note(text string) {
	if x.Note != "" {
		x.Note += "; "
	}
	x.Note += text
}

// unknownKey says why no link of a key is valid.
func unknownKey(id string, keys *middleware.Keys) string {
	all := keys.List(time.Now())
	if i := slices.IndexFunc(all, func(k middleware.KeyInfo) bool { return k.ID == id }); i >= 0 {
		return fmt.Sprintf("its key %s was accepted until %s", id, all[i].AcceptUntil.UTC().Format(time.RFC3339))
	}
	ids := make([]string, len(all))
	for i, k := range all {
		ids[i] = k.ID
	}
	return fmt.Sprintf("its key %s is not in the key file, which has %s", id, strings.Join(ids, ", "))
}

var (
	keyIDInURL    = regexp.MustCompile(`(?:[?&]dv=|^/~)1\.([A-Za-z0-9_-]{1,32})\.`)
	keyIDInCookie = regexp.MustCompile(`__Host-dv-[A-Za-z0-9_-]+=1\.([A-Za-z0-9_-]{1,32})\.`)
)

// keyIDOf returns the id of the key that the link of r names, "" for none. If several
// cookies do, it is that of the first.
func keyIDOf(r *http.Request) string {
	if m := keyIDInURL.FindStringSubmatch(r.URL.RequestURI()); m != nil {
		return m[1]
	}
	if m := keyIDInCookie.FindStringSubmatch(r.Header.Get("Cookie")); m != nil {
		return m[1]
	}
	return ""
}

// writeText writes the explanation as text for people.
func (x *linkExplanation) writeText(w io.Writer, now time.Time) error {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-12s %s\n", name+":", value)
		}
	}
	path := "path"
	if x.Prefix {
		path = "all below"
	}
	line(path, printable.Name(x.Path))
	line("query", printable.Text(x.Query))
	line("host", printable.Text(x.Host))
	line("key", x.Key)
	line("id", printable.Name(x.ID))
	line("valid from", timed(x.NotBefore, now))
	line("valid until", timed(x.Expires, now))
	line("name", printable.Name(x.Name))
	line("disposition", x.Disposition)
	line("network", x.Network)
	if x.Times > 0 {
		line("downloads", fmt.Sprint(x.Times))
	}
	switch {
	case !x.Valid:
		line("refused", printable.Text(x.Reason+": "+x.Error))
	case x.Note != "":
		line("result", "valid, but "+printable.Text(x.Note))
	default:
		line("result", "valid")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// timed returns a time and how far it is from now, "" for nil.
func timed(t *time.Time, now time.Time) string {
	if t == nil {
		return ""
	}
	text := t.Format(time.RFC3339)
	if d := t.Sub(now); d > 0 {
		return text + " (in " + span(d) + ")"
	}
	return text + " (" + span(now.Sub(*t)) + " ago)"
}

// span returns d with days, in two units at most.
func span(d time.Duration) string {
	d = d.Round(time.Second)
	days, hours := int64(d/(24*time.Hour)), int64(d/time.Hour)%24
	minutes, seconds := int64(d/time.Minute)%60, int64(d/time.Second)%60
	switch {
	case days > 0:
		return fmt.Sprintf("%dd%dh", days, hours)
	case hours > 0:
		return fmt.Sprintf("%dh%dm", hours, minutes)
	case minutes > 0:
		return fmt.Sprintf("%dm%ds", minutes, seconds)
	}
	return fmt.Sprintf("%ds", seconds)
}
