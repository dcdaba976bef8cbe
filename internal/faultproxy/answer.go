package faultproxy

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An Ending is how a connection ends after the bytes of an answer.
type Ending int

const (
	FIN     Ending = iota // regularly
	RST                   // with a reset
	Silence               // not at all: nothing more is sent
)

// An Answer is the answer that a request will get. Response is nil until the
// store has answered; a fault that sets it answers in place of the store.
type Answer struct {
	*http.Response
	Latency time.Duration // before the first byte
	Rate    int64         // in bytes a second; 0: no limit
	After   int64         // bytes of the body before the end; negative: all of it
	End     Ending
	Raw     string // sent in place of an answer

	request *http.Request
	before  []func()
	change  []func(*http.Response)
	bent    bool // net/http can't send it
	mute    bool
	chunked bool
}

// A Fault changes an answer.
type Fault func(*Answer)

// Cut ends the connection after this many bytes of the body.
func Cut(after int64, how Ending) Fault {
	return func(a *Answer) { a.After, a.End, a.bent = after, how, true }
}

// Mute accepts the request and sends nothing.
func Mute() Fault { return func(a *Answer) { a.mute, a.End = true, Silence } }

// Slow delays the first byte by latency and limits the body to rate bytes a
// second, for each connection; 0 is no limit.
func Slow(latency time.Duration, rate int64) Fault {
	return func(a *Answer) { a.Latency, a.Rate = latency, rate }
}

// Status answers in place of the store. fields are names and values of header
// fields in turn. The right Content-Length is added unless they have one.
func Status(code int, body string, fields ...string) Fault {
	return func(a *Answer) {
		a.bent = true
		a.Response = &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
		a.Header.Set("Content-Length", strconv.Itoa(len(body)))
		for i := 0; i < len(fields); i += 2 {
			a.Header.Set(fields[i], fields[i+1])
		}
	}
}

// S3Error answers as S3 does, with a code such as "SlowDown".
func S3Error(status int, code string, fields ...string) Fault {
	return Status(status, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>"+code+
		"</Code><Message>at secret.internal</Message><RequestId>1</RequestId></Error>",
		append([]string{"Content-Type", "application/xml"}, fields...)...)
}

// Raw sends bytes in place of an answer and ends the connection.
func Raw(answer string) Fault { return func(a *Answer) { a.Raw = answer } }

// Field replaces a header field of the store's answer. No values remove it,
// several values are several lines.
func Field(key string, values ...string) Fault {
	return func(a *Answer) {
		a.bent = true
		a.change = append(a.change, func(r *http.Response) {
			r.Header[http.CanonicalHeaderKey(key)] = values
		})
	}
}

// Chunked sends the body in chunks, without the last chunk, which marks the
// end.
func Chunked() Fault {
	return func(a *Answer) {
		Field("Content-Length")(a)
		Field("Transfer-Encoding", "chunked")(a)
		a.chunked = true
	}
}

// Gzip compresses the body, although the client didn't ask for it.
func Gzip() Fault {
	return func(a *Answer) {
		a.bent = true
		a.change = append(a.change, func(r *http.Response) {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			io.Copy(z, r.Body)
			z.Close()
			r.Body.Close()
			r.Body = io.NopCloser(&b)
			r.Header.Set("Content-Length", strconv.Itoa(b.Len()))
			r.Header.Set("Content-Encoding", "gzip")
		})
	}
}

// Before calls f before the request is passed on.
func Before(f func()) Fault { return func(a *Answer) { a.before = append(a.before, f) } }

// write sends the answer as it is, even if it isn't valid HTTP. It ignores that
// a client has disconnected.
func (a *Answer) write(conn net.Conn) {
	if a.mute {
		return
	}
	if a.Raw != "" {
		io.WriteString(conn, a.Raw)
		return
	}
	var head strings.Builder
	fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\n", a.StatusCode, http.StatusText(a.StatusCode))
	for _, key := range slices.Sorted(maps.Keys(a.Header)) {
		for _, value := range a.Header[key] {
			fmt.Fprintf(&head, "%s: %s\r\n", key, value)
		}
	}
	io.WriteString(conn, head.String()+"\r\n")
	if a.request.Method == http.MethodHead {
		return
	}
	body := io.Reader(a.Body)
	if a.After >= 0 {
		body = io.LimitReader(body, a.After)
	}
	if !a.chunked {
		io.Copy(conn, body)
		return
	}
	for {
		chunk := make([]byte, 4<<10)
		n, err := body.Read(chunk)
		if n > 0 {
			fmt.Fprintf(conn, "%x\r\n%s\r\n", n, chunk[:n])
		}
		if err != nil {
			return
		}
	}
}
