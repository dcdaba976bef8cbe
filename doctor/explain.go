package doctor

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/printable"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// An Explanation says how a download would be answered.
type Explanation struct {
	Key    string      `json:"key"`              // the name of the file
	Source string      `json:"source,omitempty"` // where its bytes are; "" if a proxy can't find them
	Rule   string      `json:"rule,omitempty"`   // the rule that covers it; "" if none does
	Mode   string      `json:"mode"`             // "stream", "offload" or "redirect"
	Reason string      `json:"reason,omitempty"` // why Mode is "stream", with the nearest rule if none covers the file
	Status int         `json:"status"`
	Header http.Header `json:"header"` // to the client, or to the proxy if Mode is "offload"
	Error  string      `json:"error,omitempty"`

	source downloadview.Source
}

// Explain says how v answers a GET with the URL and header of r, without sending the
// bytes. It makes a HEAD of the request, which has the same answer and reads nothing;
// it makes a GET if r has a Range, if a rule sends the client to a signed URL, or if
// the proxy doesn't take HEAD. v must include its middleware, such as that of an
// accelerator. Signed URLs are cut at their question mark. The Gate of v's Response is
// not asked, since an explanation is no download.
//
// v runs in a goroutine of its own. If v or the handler aborts, by a panic with
// [http.ErrAbortHandler] or by ending the goroutine, Explain returns, and Error says
// so. Any other panic continues in the caller's goroutine.
func Explain(v downloadview.View, r *http.Request) Explanation {
	x := Explanation{Header: make(http.Header)}
	returned := false
	var panicked any
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if !returned {
				panicked = recover() // nil if the goroutine ended by runtime.Goexit
			}
		}()
		x.explain(v, r)
		returned = true
	}()
	<-done
	if panicked != nil && panicked != http.ErrAbortHandler {
		panic(panicked)
	}
	if !returned && x.Error == "" {
		x.Error = http.ErrAbortHandler.Error()
	}
	x.cut()
	return x
}

func (x *Explanation) explain(v downloadview.View, r *http.Request) {
	r = r.Clone(r.Context())
	r.Method = http.MethodGet
	resp, err := v.Respond(r)
	r.Method = http.MethodHead
	if resp.Gate != nil {
		resp.Gate = openGate{}
	}
	if err == nil && !wrapper.IsNothing(resp.File) {
		x.describe(resp, r)
	}
	decided := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) { return resp, err })
	x.carryOut(decided, resp, r)
}

// An openGate lets everything pass.
type openGate struct{}

func (openGate) Enter(*http.Request, downloadview.Delivery) (func(downloadview.Outcome), error) {
	return nil, nil
}

// describe notes where the file is. It changes r to GET if a HEAD would not be handed
// over in the same way, such as for a signed URL.
func (x *Explanation) describe(resp downloadview.Response, r *http.Request) {
	x.Key = resp.File.Name()
	src, ok := downloadview.SourceOf(resp.File)
	if !ok {
		return
	}
	x.Source, x.source = src.String(), src
	if resp.Offloader == nil {
		return
	}
	h, ok := resp.Offloader.Offload(r, src)
	if !ok || h.Field == "" || !h.Covers(resp.File) {
		return
	}
	ranged := len(r.Header["Range"]) > 0 // HEAD ignores it
	redirects := h.Link != nil && h.Link.Status != 0
	if ranged || redirects || h.Terms != nil && h.Terms.Unfit&downloadview.HeadRequests != 0 {
		r.Method = http.MethodGet
	}
}

func (x *Explanation) carryOut(v downloadview.View, resp downloadview.Response, r *http.Request) {
	h := downloadview.NewHandler(v, &downloadview.Options{
		Logger: slog.New(slog.DiscardHandler),
		Observer: func(_ *http.Request, o downloadview.Outcome) {
			x.Rule, x.Mode, x.Status = o.Rule, o.Mode.String(), o.Status
			if o.Mode == downloadview.Streamed && o.Status < http.StatusBadRequest {
				x.Reason = reasonOf(resp.Offloader, x.source, o.Obstacle)
			}
			if o.Err != nil && !errors.Is(o.Err, errDiscarded) {
				x.Error = o.Err.Error()
			}
		},
	})
	w := &discarding{header: x.Header}
	defer func() { // a GET that is streamed ends like this, as discarding takes no body
		if w.sent != nil {
			x.Header = w.sent
		}
		if v := recover(); v != nil && v != http.ErrAbortHandler {
			panic(v)
		}
	}()
	h.ServeHTTP(w, r)
}

// cut removes the secrets from the header: signatures of URLs and values of cookies.
func (x *Explanation) cut() {
	for name, values := range x.Header {
		values = slices.Clone(values)
		for i, v := range values {
			switch {
			case name == "Set-Cookie":
				v, _, _ = strings.Cut(v, "=")
				values[i] = v + "=…"
			case strings.Contains(v, "://"):
				values[i] = cutQuery(v)
			}
		}
		x.Header[name] = values
	}
}

// WriteText writes the explanation as text for people. Characters that are not
// printable are escaped; a key, source or rule with such a character is quoted.
func (x Explanation) WriteText(w io.Writer) error {
	var b strings.Builder
	for _, line := range [][2]string{
		{"key", printable.Name(x.Key)},
		{"source", printable.Name(x.Source)},
		{"rule", printable.Name(x.Rule)},
		{"mode", x.Mode},
		{"reason", printable.Text(x.Reason)},
		{"status", fmt.Sprintf("%d %s", x.Status, http.StatusText(x.Status))},
		{"error", printable.Text(x.Error)},
	} {
		if line[1] != "" || line[0] == "rule" || line[0] == "source" {
			value := line[1]
			if value == "" {
				value = "none"
			}
			fmt.Fprintf(&b, "%-7s %s\n", line[0]+":", value)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(x.Header)) {
		for _, v := range x.Header[name] {
			fmt.Fprintf(&b, "%s: %s\n", printable.Text(name), printable.Text(v))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

var errDiscarded = errors.New("the body is discarded")

// discarding is a ResponseWriter that keeps the header as it is sent, and refuses the
// body. What is set afterwards, such as to break off the answer, is not in it.
type discarding struct{ header, sent http.Header }

func (d *discarding) Header() http.Header { return d.header }

func (d *discarding) WriteHeader(int) {
	if d.sent == nil {
		d.sent = d.header.Clone()
	}
}

func (d *discarding) Write([]byte) (int, error) {
	d.WriteHeader(http.StatusOK)
	return 0, errDiscarded
}

var _ http.ResponseWriter = (*discarding)(nil)
