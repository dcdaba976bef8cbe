package downloadview

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A server's WriteTimeout doesn't end a download that makes progress, for each way in
// which the file is sent.
func TestWriteTimeoutMoves(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<20) // 16 MiB: more than sockets hold
	for name, f := range map[string]File{"sendfile": localFileOf(t, "a", content), "copied": newObject(string(content))} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			onceOnTime(t, time.Second, func(limit time.Duration) (longest time.Duration, err error) {
				seen := make(chan Outcome, 1)
				s := httptest.NewUnstartedServer(NewHandler(fileView(f), &Options{
					Logger: discard, Observer: func(_ *http.Request, o Outcome) { seen <- o },
				}))
				s.Config.WriteTimeout = limit
				s.Start()
				defer s.Close()
				c, err := net.Dial("tcp", s.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
				sum, longest, err := readSlowly(c, limit/100)
				if o := <-seen; o.AbortedBy != NotAborted || sum != sha256.Sum256(content) || err != nil {
					return longest, fmt.Errorf("%v, outcome %+v, or other bytes", err, o)
				}
				return longest, nil
			})
		})
	}
}

// A lateFile tells its metadata and opens after a pause.
type lateFile struct {
	*object
	pause time.Duration
}

func (f lateFile) Stat(ctx context.Context) (fs.FileInfo, error) {
	time.Sleep(f.pause)
	return f.object.Stat(ctx)
}

func (f lateFile) Open(ctx context.Context) (fs.File, error) {
	time.Sleep(f.pause)
	return f.object.Open(ctx)
}

// A server's WriteTimeout is about clients that take nothing: it doesn't end an answer
// that waits for its file.
func TestWriteTimeoutWaitsForTheFile(t *testing.T) {
	const limit = time.Second
	const pause = 2 * limit
	paused := func(before, after string) File {
		return FromFunc("a", func(_ context.Context, w io.Writer) error {
			io.WriteString(w, before)
			time.Sleep(pause)
			_, err := io.WriteString(w, after)
			return err
		}, nil)
	}
	large := strings.Repeat("0123456789abcdef", 1<<12)
	both := new(http.Protocols)
	both.SetHTTP1(true)
	both.SetUnencryptedHTTP2(true)
	covered := likeNginx
	covered.Terms = &Terms{Validators: OurValidators}
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2"} {
		for _, tt := range []struct {
			name, method string
			f            File
			status       int
			want         string
		}{
			{"a late view", "GET", newObject("0123456789"), 200, "0123456789"},
			{"a late view, handed over", "GET", newObject("0123456789"), 200, ""},
			{"a late view, refused", "GET", nil, 403, "Forbidden\n"},
			{"a late view, refused, no body", "GET", nil, 403, ""},
			{"a late look, handed over", "GET", lateFile{newObject("0123456789"), pause}, 200, ""},
			{"a late look, missing", "GET", lateFile{&object{name: "a", noStat: fs.ErrInvalid}, pause}, 404, "Not Found\n"},
			{"a late look, missing, no body", "GET", lateFile{&object{name: "a", noStat: fs.ErrInvalid}, pause}, 404, ""},
			{"a late HEAD", "HEAD", lateFile{newObject("0123456789"), pause}, 200, ""},
			{"a late opening", "GET", lateFile{newObject(large), pause}, 200, large},
			{"a late error", "GET", FromFunc("a", func(context.Context, io.Writer) error { time.Sleep(pause); return fs.ErrNotExist }, nil), 404, "Not Found\n"},
			{"a late end", "GET", paused("0123456789", ""), 200, "0123456789"},
			{"a late flush", "GET", FromFunc("a", func(_ context.Context, w io.Writer) error {
				io.WriteString(w, "01234")
				time.Sleep(pause)
				w.(http.Flusher).Flush()
				_, err := io.WriteString(w, "56789")
				return err
			}, nil), 200, "0123456789"},
			{"a pause", "GET", paused(large, large), 200, large + large},
		} {
			t.Run(protocol+"/"+tt.name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					h := NewHandler(ViewFunc(func(*http.Request) (Response, error) {
						resp := Response{File: tt.f}
						if strings.HasPrefix(tt.name, "a late view") {
							time.Sleep(pause)
						}
						if tt.f == nil {
							return resp, &StatusError{Status: 403}
						}
						if strings.HasPrefix(tt.name, "a late look") || strings.HasSuffix(tt.name, "handed over") {
							resp.File, resp.Offloader = WithSource(tt.f, Source{"file", "", "/a"}), covered
						}
						return resp, nil
					}), &Options{Logger: discard, Error: func(w http.ResponseWriter, r *http.Request, status int, _ error) {
						if strings.HasSuffix(tt.name, "no body") {
							w.WriteHeader(status)
							return
						}
						WriteError(w, r, status)
					}})
					l := newPipes()
					s := &http.Server{Handler: h, WriteTimeout: limit, Protocols: both}
					go s.Serve(l)
					tr := &http.Transport{
						DialContext: func(context.Context, string, string) (net.Conn, error) { return l.dial() },
						Protocols:   new(http.Protocols),
					}
					tr.Protocols.SetHTTP1(protocol == "HTTP/1.1")
					tr.Protocols.SetUnencryptedHTTP2(protocol == "HTTP/2")
					defer func() {
						tr.CloseIdleConnections()
						s.Close()
						synctest.Wait()
					}()
					r, err := http.NewRequest(tt.method, "http://server/", nil)
					if err != nil {
						t.Fatal(err)
					}
					resp, err := tr.RoundTrip(r)
					if err != nil {
						t.Fatal(err)
					}
					defer resp.Body.Close()
					body, err := io.ReadAll(resp.Body)
					if err != nil || resp.StatusCode != tt.status || string(body) != tt.want || resp.Proto[:len(protocol)] != protocol {
						t.Errorf("%s %s, %d bytes, %v; want %d and %d bytes", resp.Proto, resp.Status, len(body), err, tt.status, len(tt.want))
					}
				})
			})
		}
	}
}

// A server's WriteTimeout ends a stream of HTTP/2 whose client takes nothing, and the other
// one of the connection goes on.
func TestWriteTimeoutEndsAStream(t *testing.T) {
	content := strings.Repeat("0123456789abcdef", 3<<17) // 6 MiB: more than a client's window
	seen := make(chan Outcome, 2)
	s := httptest.NewUnstartedServer(NewHandler(fileView(newObject(content)), &Options{
		Logger: discard, Observer: func(_ *http.Request, o Outcome) { seen <- o },
	}))
	s.Config.WriteTimeout = time.Second
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	defer s.Close()
	c := overHTTP2(t)
	stalls := mustGet(t, c, s.URL)
	if o := <-seen; o.AbortedBy != AbortedByServer || !errors.Is(o.Err, os.ErrDeadlineExceeded) {
		t.Errorf("outcome %+v, want it ended by the server's deadline", o)
	}
	if n, err := io.Copy(io.Discard, stalls.Body); err == nil {
		t.Errorf("the client takes %d bytes for the whole", n)
	}
	if n, err := io.Copy(io.Discard, mustGet(t, c, s.URL).Body); n != int64(len(content)) || err != nil {
		t.Errorf("another stream: %d bytes, %v", n, err)
	}
	if o := <-seen; o.AbortedBy != NotAborted {
		t.Errorf("another stream: outcome %+v", o)
	}
}

// A deadline that passes before the header is sent is answered and logged.
func TestDeadlineBeforeTheHeader(t *testing.T) {
	var logged bytes.Buffer
	var seen Outcome
	f := FromFunc("a", func(ctx context.Context, _ io.Writer) error {
		<-ctx.Done()
		return ctx.Err()
	}, nil)
	h := NewHandler(fileView(f), &Options{Logger: loggerTo(&logged), Observer: func(_ *http.Request, o Outcome) { seen = o }})
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil).WithContext(ctx))
	if w.Code != http.StatusGatewayTimeout || seen.AbortedBy != NotAborted || !bytes.Contains(logged.Bytes(), []byte("status=504")) {
		t.Errorf("%d, %+v, logged %q", w.Code, seen, &logged)
	}
}
