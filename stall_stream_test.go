package downloadview

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// watching serves views over HTTP/2 without TLS, with a limit for streams that stall.
func watching(t *testing.T, limit time.Duration, least int64, files map[string]File) (*httptest.Server, <-chan Outcome) {
	t.Helper()
	outcomes := make(chan Outcome, 10)
	view := ViewFunc(func(r *http.Request) (Response, error) { return Response{File: files[r.URL.Path]}, nil })
	h := NewHandler(view, &Options{Logger: discard, Observer: func(_ *http.Request, o Outcome) { outcomes <- o }})
	s := httptest.NewUnstartedServer(EndStalledStreams(limit, least)(h))
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Config.Protocols.SetHTTP1(true)
	s.Start()
	t.Cleanup(s.Close)
	return s, outcomes
}

// overHTTP2 returns a client that has one connection.
func overHTTP2(t *testing.T) *http.Client {
	t.Helper()
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true)
	tr := &http.Transport{Protocols: p}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func mustGet(t *testing.T, c *http.Client, url string) *http.Response {
	t.Helper()
	resp, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		t.Fatal(resp.Status)
	}
	return resp
}

// If a client reads nothing of a stream, the stream is ended after the limit, for each
// way in which the file is sent. Another stream of the connection is not.
func TestEndStalledStreams(t *testing.T) {
	content := strings.Repeat("0123456789abcdef", 3<<17) // 6 MiB: more than a client's window
	for name, f := range map[string]File{
		"sendfile": localFileOf(t, "a", []byte(content)),
		"copied":   newObject(content),
		"produced": FromFunc("a", func(_ context.Context, w io.Writer) error { _, err := io.WriteString(w, content); return err }, nil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, seen := watching(t, 2*time.Second, 0, map[string]File{"/stalls": f, "/goes-on": f})
			c := overHTTP2(t)
			stalls := mustGet(t, c, s.URL+"/stalls")
			goesOn := mustGet(t, c, s.URL+"/goes-on")
			if stalls.ProtoMajor != 2 {
				t.Fatal(stalls.Proto)
			}
			var o Outcome
			whole := sha256.New()
			// The other stream goes on until this one has ended, and so slowly that it isn't over before.
			for ended := false; !ended; {
				select {
				case o = <-seen:
					ended = true
				case <-time.After(20 * time.Millisecond):
					if _, err := io.CopyN(whole, goesOn.Body, 1<<10); err != nil {
						t.Fatalf("the other stream: %v", err)
					}
				}
			}
			if o.AbortedBy != AbortedByStall || !errors.Is(o.Err, os.ErrDeadlineExceeded) {
				t.Errorf("outcome %+v, want a stall", o)
			}
			if n, err := io.Copy(io.Discard, stalls.Body); err == nil {
				t.Errorf("the client takes %d bytes for the whole", n)
			}
			if _, err := io.Copy(whole, goesOn.Body); err != nil || [sha256.Size]byte(whole.Sum(nil)) != sha256.Sum256([]byte(content)) {
				t.Errorf("the other stream: %v, or other bytes", err)
			}
			if o := <-seen; o.AbortedBy != NotAborted {
				t.Errorf("the other stream: outcome %+v", o)
			}
		})
	}
}

// A client that reads slowly is ended if that is less than the least rate, and else gets
// all, even if it takes many times the limit. What takes time before a write doesn't
// count.
func TestEndSlowStreams(t *testing.T) {
	content := strings.Repeat("0123456789abcdef", 3<<17) // 6 MiB
	const limit = 200 * time.Millisecond
	late := FromFunc("late", func(_ context.Context, w io.Writer) error {
		for range 2 {
			io.WriteString(w, "half")
			time.Sleep(3 * limit)
		}
		return nil
	}, nil)
	for _, tt := range []struct {
		path  string
		limit time.Duration
		least int64
		want  AbortedBy
	}{
		{"/copied", limit, 1 << 40, AbortedByStall},
		{"/copied", 2 * time.Second, 1, NotAborted},
		{"/copied", 2 * time.Second, 0, NotAborted},
		{"/late", limit, 1, NotAborted},
	} {
		t.Run(fmt.Sprint(tt.path, tt.least), func(t *testing.T) {
			t.Parallel()
			s, seen := watching(t, tt.limit, tt.least, map[string]File{"/copied": newObject(content), "/late": late})
			resp := mustGet(t, overHTTP2(t), s.URL+tt.path)
			sum := sha256.New()
			var err error
			tick := time.NewTicker(30 * time.Millisecond)
			defer tick.Stop()
			for err == nil {
				_, err = io.CopyN(sum, resp.Body, 64<<10)
				<-tick.C
			}
			want := map[string]string{"/copied": content, "/late": "halfhalf"}[tt.path]
			if o := <-seen; o.AbortedBy != tt.want || (err == io.EOF) != (tt.want == NotAborted) {
				t.Errorf("the client sees %v; %+v, want %q", err, o, tt.want)
			}
			if tt.want == NotAborted && [sha256.Size]byte(sum.Sum(nil)) != sha256.Sum256([]byte(want)) {
				t.Error("the client has other bytes")
			}
		})
	}
}

// A client whose window is empty doesn't get the end of an answer that fits into the
// server's buffer either. The stream is ended nevertheless.
func TestEndStalledStreamsAfterTheHandler(t *testing.T) {
	s, _ := watching(t, 50*time.Millisecond, 0, map[string]File{"/": newObject("a few bytes")})
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	frame := func(kind, flags byte, stream uint32, payload string) string {
		h := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
		return string(binary.BigEndian.AppendUint32(append(h, flags), stream)) + payload
	}
	const settings, headers, reset, endStream, endHeaders = 4, 1, 3, 1, 4
	io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"+
		frame(settings, 0, 0, "\x00\x04\x00\x00\x00\x00")+ // a window of 0 bytes
		frame(headers, endStream|endHeaders, 1, "\x82\x84\x86\x41\x01x")) // GET / http x
	for {
		var h [9]byte
		if _, err := io.ReadFull(c, h[:]); err != nil {
			t.Fatalf("%v, want a frame that resets the stream", err)
		}
		if h[3] == reset && binary.BigEndian.Uint32(h[5:]) == 1 {
			return
		}
		if _, err := io.CopyN(io.Discard, c, int64(h[0])<<16|int64(h[1])<<8|int64(h[2])); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEndStalledStreamsOfNothing(t *testing.T) {
	for _, f := range []func(){
		func() { EndStalledStreams(0, 1) },
		func() { EndStalledStreams(time.Second, -1) },
	} {
		func() {
			defer func() {
				if p := fmt.Sprint(recover()); !strings.Contains(p, "want a limit of more than 0") {
					t.Errorf("panic %q", p)
				}
			}()
			f()
		}()
	}
}
