package ledger

import (
	"net/http"
	"strings"
	"time"
)

// A Download says who downloads what. Of a text of more than 1024 bytes, a ledger keeps
// the beginning and a hash.
type Download struct {
	// Subject is who downloads: what Options.Subject returned, such as a user or the
	// ID of a link.
	Subject string `json:"subject"`

	// Name is the name of the file: its key in the storage, or the path at the proxy
	// if only the proxy's log is known.
	Name string `json:"name"`

	// Source is the place of the file, such as "/srv/media/a.pdf" or
	// "s3://bucket/a.pdf"; "" if it isn't known.
	Source string `json:"source,omitempty"`
}

// Kind says what a [Part] reports.
type Kind string

const (
	// Streamed is an answer of the application itself, with its bytes.
	Streamed Kind = "streamed"
	// HandedOver is a request that the application left to a proxy. It has no bytes.
	HandedOver Kind = "handed over"
	// Logged is the proxy's line for a request that was handed over, with its bytes.
	Logged Kind = "logged"
	// Redirected is a request whose client was sent to the store. What the store
	// sends is not known.
	Redirected Kind = "redirected"
)

// Cut is how an answer of a proxy ended that was not sent whole, in [Part.Ended] and
// [Entry.Ended].
const Cut = "cut"

// A Part is what one request adds to an entry.
type Part struct {
	ID string `json:"id"` // of the download
	Download
	What   string    `json:"what,omitempty"` // that of the download which was opened; "": not known
	Kind   Kind      `json:"kind"`
	Began  time.Time `json:"began"` // when the request came
	Time   time.Time `json:"time"`  // when it was over
	Status int       `json:"status"`

	// Version is the entity tag of the file, in quotes and without "W/"; "" if it
	// isn't known. Size is the file's size in bytes; -1 if it isn't known.
	Version string `json:"version,omitempty"`
	Size    int64  `json:"size"`

	// Bytes is how many bytes of the file left. Piece is where they are in the file;
	// it is empty if that isn't known, such as for several ranges in one answer.
	Bytes int64 `json:"bytes"`
	Piece Piece `json:"piece"`

	// Whole reports whether the answer had the whole file, and all of it left.
	Whole bool `json:"whole,omitempty"`

	// Log is where in the proxy's log the line of this part ends; zero: it isn't known,
	// or there is none. A line that is added again doesn't count again.
	Log Position `json:"log,omitzero"`

	// Ended is why the answer ended early: the text of a [downloadview.AbortedBy], or
	// Cut. "" means that it was sent whole.
	Ended string `json:"ended,omitempty"`
}

// An answer is what a header says about a part of a file.
type answer struct {
	method        string
	status        int
	bytes         int64 // of the body
	contentRange  string
	contentLength string
	tag           string
	ended         string
}

// fill sets the fields of p that follow from a.
func (a answer) fill(p *Part) {
	p.Status, p.Ended, p.Size = a.status, a.ended, -1
	if len(a.tag) <= longestTag {
		p.Version = strings.TrimPrefix(a.tag, "W/")
	}
	switch a.status {
	case http.StatusOK:
		if n, ok := parseCount(a.contentLength); ok {
			p.Size = n
		}
		if a.method == http.MethodHead {
			return
		}
		p.Bytes = a.bytes
		if p.Size >= 0 {
			p.Bytes = min(p.Bytes, p.Size)
		}
		p.Whole = a.ended == "" && (p.Size < 0 || p.Bytes == p.Size)
		p.Piece = Piece{0, p.Bytes}
	case http.StatusPartialContent:
		piece, size, ok := parseContentRange(a.contentRange)
		if ok {
			p.Size = size
		}
		if a.method == http.MethodHead {
			return
		}
		p.Bytes = a.bytes
		if ok {
			p.Bytes = min(p.Bytes, piece.End-piece.Start)
			p.Piece = Piece{piece.Start, piece.Start + p.Bytes}
		}
	}
}

// longestTag is the length of the longest entity tag that is kept. A longer one is as
// if it were not known.
const longestTag = 256
