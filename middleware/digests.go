package middleware

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/downloadview/downloadview"
)

// Digests lets clients check what they got. Answers have the SHA-256 of the file that
// the client asks for: Repr-Digest and Content-Digest (RFC 9530), and Digest (RFC
// 3230), which aria2c asks for and checks; Unencoded-Digest, which for a variant is the
// digest of the file itself. [downloadview.StoredDigest] says which
// answer has which. [NewDigests] makes one; several goroutines may use it, and several
// views may share it.
//
// A digest comes from the store, if the store has one of the whole file, or from the
// spool that has made it; else from the log; else it is computed in the background, for the next request: only for local
// files, one file at a time, at a limited rate. The request that asks first gets none.
// [Digests.Compute] computes one ahead.
//
// A digest is kept for one version of a file. For a local file that is its path, size,
// time, inode and, on Linux, the time at which the system changed the inode. A file that
// changes while it is read, or changed just before, is read again later.
//
// A local file without a useful time, such as in a container image, has no entity tag of
// its own. When its digest is known, it gets a strong one that is made of it, and that
// is the same on every node.
//
// Bytes that a handler outside compresses have other digests than these. To use it with
// [Variants], put it outside of them: variants have digests of their own. Unencoded-Digest
// is right in both cases.
type Digests struct {
	log     DigestLog
	pace    *rate.Limiter
	ctx     context.Context // of the background; see Close
	cancel  context.CancelFunc
	mu      sync.Mutex
	waiting map[FileVersion]bool
	queue   []waitingFile
	working bool
	ended   sync.WaitGroup
}

// A DigestLog remembers the SHA-256 of versions of files. Several goroutines use it.
type DigestLog interface {
	// Digest returns the digest of a version, and whether there is one. After an error
	// the answer has no digest.
	Digest(ctx context.Context, v FileVersion) (sum [sha256.Size]byte, ok bool, err error)
	// Record remembers a digest that was computed.
	Record(ctx context.Context, v FileVersion, sum [sha256.Size]byte) error
}

// A FileVersion is one version of a file. Both strings are printable ASCII without
// spaces. Nothing else is said of their form.
type FileVersion struct {
	File    string // the identity of an object, or the URL of a local file
	Version string // changes when the bytes change
}

// DigestsOptions are the options of [NewDigests]. The zero value is fine.
type DigestsOptions struct {
	// Rate is how many bytes a second are read in the background; 0 means 64 MiB.
	Rate int64
}

// NewDigests returns Digests that are kept in log; nil means in the memory of this
// process, the 10,000 latest. nil options are the zero value. It panics if the rate is
// negative. Call Close at the end.
func NewDigests(log DigestLog, o *DigestsOptions) *Digests {
	n := int64(64 << 20)
	if o != nil && o.Rate != 0 {
		n = o.Rate
	}
	if n < 0 {
		panic(fmt.Sprintf("middleware: Digests: a rate of %d bytes a second; want no negative number", n))
	}
	if log == nil {
		log = &memoryLog{sums: make(map[FileVersion][sha256.Size]byte)}
	}
	d := &Digests{log: log, pace: rate.NewLimiter(rate.Limit(n), largestPiece), waiting: make(map[FileVersion]bool)}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	return d
}

// Close ends the computing in the background, and waits for it. Later requests get the
// digests that are known.
func (d *Digests) Close() {
	d.cancel()
	d.ended.Wait()
}

// View is a [downloadview.Middleware].
func (d *Digests) View(next downloadview.View) downloadview.View {
	return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		resp, err := next.Respond(r)
		if err != nil || resp.File == nil {
			return resp, err
		}
		asked := wishesIn(r.Header)
		if asked != (wishes{}) {
			resp.StoredFields |= downloadview.StoredDigest
		} else if _, local := localName(resp.File); !local {
			return resp, nil // only local files need a tag
		}
		resp.File = d.file(resp.File, asked)
		return resp, nil
	})
}

// wishes are the digests that a client asks for.
type wishes struct {
	coded     bool // of the bytes that it gets
	unencoded bool // of the file without a content coding
}

func wishesIn(h http.Header) wishes {
	return wishes{
		coded:     len(h["Want-Digest"]) > 0 || len(h["Want-Repr-Digest"]) > 0 || len(h["Want-Content-Digest"]) > 0,
		unencoded: len(h["Want-Unencoded-Digest"]) > 0,
	}
}

// Compute reads f, whatever the rate, records its digest and returns it. If the store has
// a SHA-256 of f, Compute returns that one, and neither reads nor records. The error is
// [downloadview.ErrChanged] if f changes meanwhile, and [errors.ErrUnsupported] if
// nothing tells the versions of f apart. For a file that has changed just now, it waits
// until the next change would have another time: for most file systems a tenth of a
// second.
func (d *Digests) Compute(ctx context.Context, f downloadview.File) (sum [sha256.Size]byte, err error) {
	return d.compute(ctx, f, nil)
}

func (d *Digests) compute(ctx context.Context, f downloadview.File, pace *rate.Limiter) (sum [sha256.Size]byte, err error) {
	h, err := f.Open(ctx)
	if err != nil {
		return sum, err
	}
	defer h.Close()
	fi, err := h.Stat()
	if err != nil {
		return sum, err
	}
	if sum, ok := storedSHA256(fi); ok {
		return sum, nil
	}
	before, err := versionFrom(f, fi)
	if err != nil {
		return sum, err
	}
	wait := time.Until(before.settles)
	if wait > 2*longestPrecision {
		return sum, fmt.Errorf("%q changed in the future, says its time: %w", f.Name(), errors.ErrUnsupported)
	}
	if err := sleep(ctx, wait); err != nil {
		return sum, err
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, &pacedReader{ctx, h, pace}); err != nil {
		return sum, err
	}
	if fi, err = h.Stat(); err != nil {
		return sum, err
	}
	after, err := versionFrom(f, fi)
	if err != nil {
		return sum, err
	}
	if after.FileVersion != before.FileVersion {
		return sum, fmt.Errorf("%q changed while it was read: %w", f.Name(), downloadview.ErrChanged)
	}
	hash.Sum(sum[:0])
	return sum, d.log.Record(ctx, before.FileVersion, sum)
}

// storedSHA256 returns the SHA-256 that the store of a file has.
func storedSHA256(fi fs.FileInfo) (sum [sha256.Size]byte, ok bool) {
	text, ok := strings.CutPrefix(downloadview.AttributesOf(fi).ReprDigest, "sha-256=:")
	text, ends := strings.CutSuffix(text, ":")
	b, err := base64.StdEncoding.DecodeString(text)
	if !ok || !ends || err != nil || len(b) != sha256.Size {
		return sum, false
	}
	return [sha256.Size]byte(b), true
}

func versionFrom(f downloadview.File, fi fs.FileInfo) (knownVersion, error) {
	v, ok := fileVersion(f, fi)
	if !ok {
		return v, fmt.Errorf("nothing tells the versions of %q apart: %w", f.Name(), errors.ErrUnsupported)
	}
	return v, nil
}

func sleep(ctx context.Context, t time.Duration) error {
	if t <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(t)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A pacedReader reads in pieces, at a rate.
type pacedReader struct {
	ctx  context.Context
	r    io.Reader
	pace *rate.Limiter // nil: no limit
}

func (p *pacedReader) Read(b []byte) (int, error) {
	if p.pace == nil {
		if err := p.ctx.Err(); err != nil {
			return 0, err
		}
		return p.r.Read(b)
	}
	b = b[:min(len(b), p.pace.Burst())]
	if err := p.pace.WaitN(p.ctx, len(b)); err != nil {
		return 0, err
	}
	return p.r.Read(b)
}

// reprDigestOf returns the value of Repr-Digest.
func reprDigestOf(sum [sha256.Size]byte) string {
	return "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":"
}

// tagOf returns an entity tag of 128 bits of a digest.
func tagOf(sum [sha256.Size]byte) string {
	return digestTag + hex.EncodeToString(sum[:16]) + `"`
}

const digestTag = `"sha256-`

// isOfDigest reports whether an entity tag has the form of those of tagOf.
func isOfDigest(tag string) bool {
	return strings.HasPrefix(tag, digestTag) && len(tag) == len(digestTag)+32+len(`"`)
}

var _ downloadview.Middleware = (*Digests)(nil).View
