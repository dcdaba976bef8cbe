package command

import (
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"
	"unicode"
	"unicode/utf8"
)

// An accessLine is the line of the log about one request.
type accessLine struct {
	method    string
	path      string
	status    int
	bytes     int64
	duration  time.Duration
	mode      string
	rule      string // "": none
	remote    string
	id        string // of the request; "": none
	abortedBy string // "": the answer is complete
	reason    string // why the request failed; "": it didn't
}

const accessMessage = "request"

// attrs returns the line as attributes of package slog.
func (l *accessLine) attrs() []slog.Attr {
	attrs := make([]slog.Attr, 0, 11)
	attrs = append(attrs,
		slog.String("method", l.method),
		slog.String("path", l.path),
		slog.Int("status", l.status),
		slog.Int64("bytes", l.bytes),
		slog.Duration("duration", l.duration),
		slog.String("mode", l.mode),
	)
	if l.rule != "" {
		attrs = append(attrs, slog.String("rule", l.rule))
	}
	attrs = append(attrs, slog.String("remote", l.remote))
	if l.id != "" {
		attrs = append(attrs, slog.String("request_id", l.id))
	}
	if l.abortedBy != "" {
		attrs = append(attrs, slog.String("aborted_by", l.abortedBy))
	}
	if l.reason != "" {
		attrs = append(attrs, slog.String("error", l.reason))
	}
	return attrs
}

// appendText appends the line that a [slog.TextHandler] would write for attrs, in a
// fifth of the time.
func (l *accessLine) appendText(b []byte, c *clock, now time.Time) []byte {
	b = append(b, "time="...)
	b = c.append(b, now)
	b = append(b, " level=INFO msg="+accessMessage+" method="...)
	b = appendText(b, l.method)
	b = append(b, " path="...)
	b = appendText(b, l.path)
	b = append(b, " status="...)
	b = strconv.AppendInt(b, int64(l.status), 10)
	b = append(b, " bytes="...)
	b = strconv.AppendInt(b, l.bytes, 10)
	b = append(b, " duration="...)
	b = append(b, l.duration.String()...)
	b = append(b, " mode="...)
	b = appendText(b, l.mode)
	if l.rule != "" {
		b = append(b, " rule="...)
		b = appendText(b, l.rule)
	}
	b = append(b, " remote="...)
	b = appendText(b, l.remote)
	if l.id != "" {
		b = append(b, " request_id="...)
		b = appendText(b, l.id)
	}
	if l.abortedBy != "" {
		b = append(b, " aborted_by="...)
		b = appendText(b, l.abortedBy)
	}
	if l.reason != "" {
		b = append(b, " error="...)
		b = appendText(b, l.reason)
	}
	return append(b, '\n')
}

// A clock formats times. It is fast for a time in the same second as the one before.
// The zero value is ready to use, and several goroutines may use it.
type clock struct{ last atomic.Pointer[second] }

type second struct {
	unix       int64
	date, zone string // around the fraction
}

// append appends t in the form of RFC 3339, with milliseconds.
func (c *clock) append(b []byte, t time.Time) []byte {
	s := c.last.Load()
	if s == nil || s.unix != t.Unix() {
		s = &second{t.Unix(), t.Format("2006-01-02T15:04:05."), t.Format("Z07:00")}
		c.last.Store(s)
	}
	b = append(b, s.date...)
	millis := t.Nanosecond() / int(time.Millisecond)
	b = append(b, '0'+byte(millis/100), '0'+byte(millis/10%10), '0'+byte(millis%10))
	return append(b, s.zone...)
}

func appendText(b []byte, s string) []byte {
	if isPlain(s) {
		return append(b, s...)
	}
	return strconv.AppendQuote(b, s)
}

// isPlain reports whether a [slog.TextHandler] writes s without quotes.
func isPlain(s string) bool {
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c <= ' ' || c == '=' || c == '"' {
				return false
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError || unicode.IsSpace(r) || !unicode.IsPrint(r) {
			return false
		}
		i += size
	}
	return s != ""
}
