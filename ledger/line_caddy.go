package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// A caddyLine is a line of Caddy's access log. In the configuration for Caddy 2.6, the ID
// is in the answer's header; otherwise it is a field of the line.
type caddyLine struct {
	Time     float64     `json:"ts"`
	Duration float64     `json:"duration"`
	Size     int64       `json:"size"`
	Status   int         `json:"status"`
	Header   http.Header `json:"resp_headers"`
	ID       string      `json:"downloadview_id"`
	Request  struct {
		Client string `json:"remote_ip"`
		Method string `json:"method"`
		URI    string `json:"uri"`
	} `json:"request"`
}

// parseCaddy is [ParseLine] for a line of JSON.
func parseCaddy(line []byte) (p Part, ok bool, err error) {
	if !bytes.Contains(line, []byte(`"downloadview_id"`)) && !bytes.Contains(line, []byte(`"`+Field+`"`)) {
		return Part{}, false, nil // most lines; decoding takes time
	}
	var l caddyLine
	if err := json.Unmarshal(line, &l); err != nil {
		return p, true, err
	}
	if l.ID == "" {
		l.ID = l.Header.Get(Field)
	}
	switch {
	case l.ID == "":
		return Part{}, false, nil
	case !isID(l.ID):
		return p, true, fmt.Errorf("its ID is %q", l.ID)
	case l.Time < 0 || l.Time > 1<<33 || l.Duration < 0 || l.Duration > 1<<30:
		return p, true, fmt.Errorf("its time is %v and its duration is %v, want seconds", l.Time, l.Duration)
	case l.Size < 0 || l.Size > 1<<62:
		return p, true, fmt.Errorf("its size is %d", l.Size)
	}
	p = Part{Kind: Logged, ID: l.ID, Download: Download{Subject: l.Request.Client, Name: l.Request.URI}.shortened()}
	p.Time = time.UnixMicro(int64(l.Time * 1e6))
	p.Began = p.Time.Add(-time.Duration(l.Duration * 1e9))
	a := answer{
		method: l.Request.Method, status: l.Status, bytes: l.Size, tag: l.Header.Get("Etag"),
		contentRange: l.Header.Get("Content-Range"), contentLength: l.Header.Get("Content-Length"),
	}
	// The log doesn't say whether an answer broke off.
	if n, ok := parseCount(a.contentLength); ok && a.bytes < n && a.method != http.MethodHead {
		a.ended = Cut
	}
	a.fill(&p)
	return p, true, nil
}
