package accel

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/downloadview/downloadview"
)

// A Rule says where a proxy finds the files of one place.
type Rule struct {
	// Name is what logs and metrics call the rule; "" means Source. No two
	// rules of an [Accelerator] have the same.
	Name string

	// Source is the place, and the rule covers every file below it, at any
	// depth: an absolute path such as "/srv/media", which is short for
	// "file:///srv/media", or a prefix of object keys or URLs such as
	// "s3://bucket/prefix/". "/" covers all local files, "s3://bucket" the whole
	// bucket. On Windows `C:\srv` is a path too.
	//
	// It is compared byte for byte with the [downloadview.Source] of a file: it
	// is not percent-decoded and may have no empty or dot segments. A trailing
	// slash makes no difference: "/srv/media" covers "/srv/media/a", but neither
	// "/srv/media-private/a" nor a file "/srv/media". Symbolic links in a path
	// are not resolved.
	Source string

	// Destination is where the proxy finds what Source covers: an internal location
	// such as "/_media/", or a directory, which may differ from Source. The functions
	// that return a [Proxy], such as [Nginx], say which of the two it is.
	//
	// It lies in no other rule's destination, nor is it one: where "/_media/" and
	// "/_media/private/" are two rules' destinations, a file "private/x" of the
	// first one is sent as the file "x" of the second. It may where the sources
	// lie inside one another in the same way, such as "/srv/media" and
	// "/srv/media/private", since both ways then lead to the same file. Rules
	// with signed URLs hand over their destination alone: they may share one,
	// and rules without may have theirs below it. Rules of several proxies are
	// compared where the proxies have the same Field; those of several
	// accelerators aren't, so one proxy has one. Upper and lower case count as the
	// same.
	Destination string

	// Store is the one store that the rule's files are in, by what their
	// identities begin with ([downloadview.Identifier]), such as
	// "https://minio.example.com:9000/bucket". Files of others, and such without
	// an identity, are streamed. "" is any: "s3://bucket" covers the buckets of
	// that name in all stores, and a proxy that is told no more than a name would
	// send the object of the one it knows. So it is to be set where the
	// application serves several, unless the rule is Signed without a Base: a
	// signed URL is that of its store.
	Store string

	// Proxy is what this rule's files are handed over to; nil means the proxy of
	// the [Accelerator].
	Proxy *Proxy

	// Headers says what the proxy's configuration does with the application's
	// header fields.
	Headers PassedHeaders

	// LimitRate bounds the speed of each download, in bytes a second; 0 doesn't.
	// A proxy that can't be told has these files streamed, as fast.
	LimitRate int64

	// Signed has the proxy or the client fetch the files by signed URLs; nil
	// doesn't.
	Signed *Signed
}

// PassedHeaders says what a proxy's configuration does with the application's header
// fields, beyond what the proxy does by itself.
type PassedHeaders int

const (
	// PassDefault is nothing. Where the proxy drops X-Content-Type-Options and
	// Content-Security-Policy, as nginx does, inline downloads are streamed.
	PassDefault PassedHeaders = iota
	// PassSafety sends those two on.
	PassSafety
	// PassAll is what the configuration does that "downloadview config"
	// prints: it sends on the safety headers and others, and puts fields in place
	// that the application sends under private names, so that the proxy's error
	// pages don't carry the name and the cache policy of a file that isn't there.
	PassAll
)

// origin is what comes before the path of a source.
type origin struct{ scheme, host string }

var local = origin{scheme: "file"}

// make returns the rule ready for use with p.
func (r Rule) make(p *Proxy, o origin) (*rule, *RuleError) {
	made := &rule{name: r.Name, source: r.Source, terms: p.Terms}
	made.terms.Store, made.terms.LimitRate = r.Store, r.LimitRate
	switch {
	case r.Store != "" && o == local:
		return nil, wrong("Store", "store %q of local files, which are in none; want none", r.Store)
	case r.Store != "" && !strings.Contains(r.Store, "://"):
		return nil, wrong("Store", `store %q; want what the identities of its files begin with, such as "https://minio.example.com:9000/bucket"`, r.Store)
	case r.LimitRate < 0:
		return nil, wrong("LimitRate", "limit of %d bytes a second is negative; want 0 for none", r.LimitRate)
	case r.Headers < PassDefault || r.Headers > PassAll:
		return nil, wrong("Headers", "headers %d; want PassDefault, PassSafety or PassAll", r.Headers)
	}
	if r.Headers != PassDefault {
		made.terms.KeepsSafety = true
	}
	if r.Headers != PassAll {
		made.terms.Private = nil
	}
	if o != local {
		made.terms.Tag = downloadview.NanosecondTag
	}
	made.field, made.encode = p.Field, p.Encode
	if r.Signed != nil {
		var err error
		if made.link, err = r.Signed.link(p, o); err != nil {
			return nil, wrong("Signed", "%w", err)
		}
		if made.link.Status != 0 {
			return made, made.redirects(r)
		}
		made.encode = destinationAlone
		made.terms.Unfit |= downloadview.SeveralRanges // to which a store answers with the whole object
	}
	var err error
	if made.destination, err = p.Destination(r.Destination); err != nil {
		return nil, wrong("Destination", "destination %q %w", r.Destination, err)
	}
	return made, nil
}

// redirects makes the rule one that no proxy hears of.
func (r *rule) redirects(from Rule) *RuleError {
	if from.Destination != "" {
		return wrong("Destination", "destination %q of a rule that redirects, which no proxy hears of; want none", from.Destination)
	}
	r.field, r.encode = r.link.Field, destinationAlone
	r.terms = downloadview.Terms{KeepsSafety: from.Headers != PassDefault, Store: from.Store, LimitRate: from.LimitRate}
	return nil
}

func destinationAlone(destination, _ string) (string, bool) { return destination, true }

// parseSource splits the source of a rule into its origin and a path without
// slashes at its ends.
func parseSource(s string) (origin, string, error) {
	o, path, err := splitSource(s)
	if err != nil {
		return origin{}, "", err
	}
	if strings.IndexByte(s, 0) >= 0 {
		return origin{}, "", errors.New("has a NUL in it")
	}
	path = strings.TrimSuffix(path, "/")
	if path == "" {
		return o, "", nil
	}
	if seg, ok := oddSegment(path); ok {
		return origin{}, "", fmt.Errorf("has a segment %q in it, and no file with such a source is handed over", seg)
	}
	return o, path, nil
}

func splitSource(s string) (o origin, path string, err error) {
	const want = `want an absolute path such as "/srv/media", or a prefix such as "s3://bucket/prefix/"`
	if s == "" {
		return o, "", errors.New("is empty; " + want)
	}
	if path, ok := localPath(s); ok {
		return local, path, nil
	}
	scheme, rest, ok := strings.Cut(s, "://")
	if !ok {
		return o, "", errors.New("is neither absolute nor a URL; " + want)
	}
	if !isScheme(scheme) {
		return o, "", fmt.Errorf("has the scheme %q, which is not lower-case letters and digits; %s", scheme, want)
	}
	host, path, _ := strings.Cut(rest, "/")
	switch {
	case scheme == local.scheme && host != "":
		return o, "", fmt.Errorf("has the host %q; a local path has three slashes, such as %q", host, "file:///srv/media")
	case scheme == local.scheme && rest == "":
		return o, "", errors.New("has no path; " + want)
	case scheme != local.scheme && host == "":
		return o, "", errors.New("has no bucket or host; " + want)
	case strings.ContainsAny(host, ` ?#@\`) || strings.ContainsFunc(host, isControl):
		return o, "", fmt.Errorf("has the host %q; want a bucket or a host alone", host)
	}
	return origin{scheme, host}, path, nil
}

// localPath returns an absolute path without its first slash.
func localPath(s string) (string, bool) {
	if filepath.IsAbs(s) && len(filepath.VolumeName(s)) == len("C:") {
		s = "/" + s
	}
	return strings.CutPrefix(filepath.ToSlash(s), "/")
}

func isScheme(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		default:
			return false
		}
	}
	return s != ""
}

// oddSegment returns the first segment that is empty or made of dots that mean
// another folder.
func oddSegment(path string) (string, bool) {
	for seg := range strings.SplitSeq(path, "/") {
		if isOdd(seg) {
			return seg, true
		}
	}
	return "", false
}

func isOdd(segment string) bool { return segment == "" || segment == "." || segment == ".." }
