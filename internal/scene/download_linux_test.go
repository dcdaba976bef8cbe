package scene_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/downloadview/downloadview/middleware"
)

// patience is how long a client tries.
const patience = 2 * time.Minute

// A download is by one client, with a link that may be used once.
type download struct {
	id      string // of the link
	url     string
	content []byte
	address string // of the client
	gaveUp  bool   // the client went away before it had all

	client  *http.Client
	got     []byte
	tag     string
	body    io.ReadCloser
	waited  bool // the first answer was not a file
	resumed bool
	err     error
}

var addresses atomic.Uint32

// newClient is a client with an address of its own, on a connection that takes little
// ahead.
func newClient() (client *http.Client, address string) {
	n := addresses.Add(1)
	local := &net.TCPAddr{IP: net.IPv4(127, 1+byte(n>>16), byte(n>>8), byte(n))}
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{LocalAddr: local}).DialContext(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return conn, conn.(*net.TCPConn).SetReadBuffer(64 << 10)
	}}
	return &http.Client{Transport: transport}, local.IP.String()
}

// begin makes a link to an object and reads the first bytes.
func (s *site) begin(t *testing.T, object int) *download {
	d := &download{id: fmt.Sprintf("link-%d", s.signed.Add(1)), content: s.contents[object]}
	d.client, d.address = newClient()
	link, err := s.links.Sign("/"+key(object), middleware.Grant{Expires: time.Now().Add(time.Hour), Times: 1, ID: d.id})
	if err != nil {
		t.Error(err)
		d.err = err
		return d
	}
	d.url = "http://" + s.edge.addr + link
	if d.err = d.ask(); d.err == nil {
		d.got = make([]byte, 256<<10)
		var n int
		if n, err = io.ReadFull(d.body, d.got); err != nil {
			d.got = d.got[:n]
		}
	}
	return d
}

// ask asks for what is missing until an answer has it.
func (d *download) ask() error {
	for from := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		r, err := http.NewRequest("GET", d.url, nil)
		if err != nil {
			return err
		}
		want := http.StatusOK
		if d.tag != "" {
			r.Header.Set("Range", fmt.Sprintf("bytes=%d-", len(d.got)))
			r.Header.Set("If-Range", d.tag)
			want = http.StatusPartialContent
		}
		resp, err := d.client.Do(r)
		if err == nil && resp.StatusCode == want {
			d.tag, d.body = resp.Header.Get("ETag"), resp.Body
			return nil
		}
		if err == nil {
			resp.Body.Close()
			err = fmt.Errorf("at %d: %s", len(d.got), resp.Status)
			if resp.StatusCode < 500 {
				return err
			}
		}
		d.waited = d.waited || d.tag == ""
		if time.Since(from) > patience {
			return err
		}
	}
}

// finish reads the rest, and resumes if the connection breaks.
func (d *download) finish() {
	for from := time.Now(); d.err == nil; {
		rest, err := io.ReadAll(d.body)
		d.body.Close()
		d.got = append(d.got, rest...)
		switch {
		case !bytes.HasPrefix(d.content, d.got):
			d.err = fmt.Errorf("other bytes than those of the object, among %d", len(d.got))
		case len(d.got) == len(d.content):
			return
		case err == nil:
			d.err = fmt.Errorf("%d bytes, and no error; want %d", len(d.got), len(d.content))
		case time.Since(from) > patience:
			d.err = err
		default:
			d.resumed = true
			d.err = d.ask()
		}
	}
}

// giveUp ends a download that has begun.
func (d *download) giveUp() {
	d.gaveUp = true
	if d.err == nil {
		d.body.Close()
	}
}

// usedAgain tells whether another client is let in by the link.
func (d *download) usedAgain() bool {
	other := &download{url: d.url}
	other.client, _ = newClient()
	if err := other.ask(); err != nil {
		return false
	}
	other.body.Close()
	return true
}
