package downloadview

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func redirectTo(status int, locations ...string) *StatusError {
	return &StatusError{Status: status, Err: errors.New("not logged in"), Header: http.Header{"Location": locations}}
}

// statusOf is an error with a StatusCode method that isn't a StatusError.
type statusOf int

func (s statusOf) Error() string   { return "of some SDK" }
func (s statusOf) StatusCode() int { return int(s) }

// An unopenable file fails to open.
type unopenable struct{ err error }

func (f unopenable) Name() string                          { return "a" }
func (f unopenable) Open(context.Context) (fs.File, error) { return nil, f.err }

// A view can redirect the client, in each way in which an answer is sent.
func TestRedirectsOfViews(t *testing.T) {
	const login = "/login?next=%2Fa"
	odd := &StatusError{Status: 303, Header: http.Header{"location": {login}, "Set-Cookie": {"next=a"}, "Cache-Control": {"public, max-age=60"}}}
	for _, tt := range []struct {
		err      error
		status   int
		location string
	}{
		{redirectTo(301, login), 301, login},
		{redirectTo(302, login), 302, login},
		{fmt.Errorf("wrapped: %w", redirectTo(303, login)), 303, login},
		{redirectTo(307, "https://id.example/"), 307, "https://id.example/"},
		{redirectTo(308, login), 308, login},
		{odd, 303, login},
		{redirectTo(302), 500, ""},
		{redirectTo(302, ""), 500, ""},
		{redirectTo(302, login, login), 500, ""},
		{redirectTo(302, "/a\r\nSet-Cookie: x=y"), 500, ""},
		{redirectTo(300, login), 500, ""},
		{redirectTo(304, login), 500, ""},
		{redirectTo(305, login), 500, ""},
		{redirectTo(200, login), 500, ""},
		{redirectTo(399, login), 500, ""},
		{redirectTo(600, login), 500, ""},
		{statusOf(302), 500, ""},
		{fmt.Errorf("%w: %w", statusOf(302), redirectTo(302, login)), 500, ""},
		{fmt.Errorf("%w: %w", ErrUpstream, redirectTo(302, login)), 502, ""},
		{fmt.Errorf("%w: %w", ErrUpstream, AsCause(redirectTo(302, login))), 502, ""},
	} {
		if got := StatusCode(tt.err); got != tt.status {
			t.Errorf("StatusCode(%v) = %d, want %d", tt.err, got, tt.status)
		}
		offloader := everything{proxy{Handover{Field: "X-Accel-Redirect", Value: "/_media/a"}}}
		refused := func(View) View {
			return ViewFunc(func(*http.Request) (Response, error) { return Response{}, tt.err })
		}
		file := ViewFunc(func(*http.Request) (Response, error) {
			return Response{File: newObject("x"), Offloader: offloader}, nil
		})
		var log bytes.Buffer
		o := &Options{Logger: loggerTo(&log)}
		for way, h := range map[string]http.Handler{
			"the view":        NewHandler(refused(nil), o),
			"middleware":      NewHandler(refused(file), o),
			"Use":             Use(refused)(NewHandler(file, o)),
			"Send":            Use(refused)(UseOptions(o)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { SendFile(w, r, newObject("x")) }))),
			"the file's Open": NewHandler(fileView(unopenable{tt.err}), o),
		} {
			log.Reset()
			s := serve(t, h)
			for _, method := range []string{"GET", "HEAD"} {
				client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
				r, err := http.NewRequest(method, s.URL+"/a", nil)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Range", "bytes=0-0")
				resp, err := client.Do(r)
				if err != nil {
					t.Errorf("%v, %s, %s: %v", tt.err, way, method, err)
					continue
				}
				var body bytes.Buffer
				body.ReadFrom(resp.Body)
				resp.Body.Close()
				h := resp.Header
				wantBody := http.StatusText(tt.status) + "\n"
				if method == "HEAD" {
					wantBody = ""
				}
				if resp.StatusCode != tt.status || h.Get("Location") != tt.location || body.String() != wantBody {
					t.Errorf("%v, %s, %s: %d to %q, body %q; want %d to %q, %q", tt.err, way, method, resp.StatusCode, h["Location"], body.String(), tt.status, tt.location, wantBody)
				}
				if !slices.Equal(h["Cache-Control"], []string{"no-store"}) || h.Get("X-Accel-Redirect") != "" || h.Get("Content-Disposition") != "" || h.Get("Accept-Ranges") != "" {
					t.Errorf("%v, %s, %s: header %v", tt.err, way, method, h)
				}
				if tt.err == error(odd) && h.Get("Set-Cookie") != "next=a" {
					t.Errorf("%s, %s: Set-Cookie %q", way, method, h["Set-Cookie"])
				}
			}
			if _, own := tt.err.(*StatusError); own && tt.status == 500 && !strings.Contains(log.String(), "with one Location") {
				t.Errorf("%v, %s: the log %q doesn't say what would be right", tt.err, way, log.String())
			}
			if tt.status < 400 && log.Len() > 0 {
				t.Errorf("%v, %s: logged %q", tt.err, way, log.String())
			}
		}
	}
}
