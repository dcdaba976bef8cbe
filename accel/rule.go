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
	// Name is the name of the rule in logs and metrics; "" means Source. No two
	// rules of an [Accelerator] may have the same name.
	Name string

	// Source is the place. The rule covers every file below it, at any depth.
	// Source is an absolute path such as "/srv/media", which is short for
	// "file:///srv/media", or a prefix of object keys or URLs such as
	// "s3://bucket/prefix/". "/" covers all local files, "s3://bucket" the whole
	// bucket. The ARN of an access point of S3 may stand in place of the bucket. On
	// Windows `C:\srv` is a path too.
	//
	// It is compared byte for byte with the [downloadview.Source] of a file: it
	// is not percent-decoded and may have no empty or dot segments. A trailing
	// slash makes no difference: "/srv/media" covers "/srv/media/a", but neither
	// "/srv/media-private/a" nor a file "/srv/media". Symbolic links in a path
	// are not resolved.
	Source string

	// Destination is where the proxy finds the files of Source: an internal location
	// such as "/_media/", or a directory, which may differ from Source. The functions
	// that return a [Proxy], such as [Nginx], say which of the two they need.
	//
	// A Destination must not be equal to, or lie inside, that of another rule. With
	// the destinations "/_media/" and "/_media/private/", for example, the proxy
	// would send the file "x" of the second rule for "private/x" of the first. There
	// are two exceptions:
	//
	//   - The sources lie inside one another in the same way, such as "/srv/media"
	//     and "/srv/media/private": both rules then lead to the same file.
	//   - Rules with signed URLs hand over only their destination. They may share
	//     one, and rules without signed URLs may have theirs below it.
	//
	// Upper and lower case count as the same. Rules for different proxies are
	// compared if the proxies have the same Field. Rules of different accelerators
	// are not compared, so use one accelerator for each proxy.
	Destination string

	// Store is the one store that has the rule's files, such as
	// "https://minio.example.com:9000/bucket": the beginning of their identities
	// ([downloadview.Identifier]). Files of other stores, and files without an
	// identity, are streamed. "" means any store: "s3://bucket" then covers the
	// buckets of that name in all stores, but a proxy that gets only the name
	// sends the object of the store that it knows. So set Store if the application
	// serves several stores, unless the rule is Signed without a Base: a signed URL
	// names its store.
	Store string

	// Proxy gets the files of this rule; nil means the proxy of the [Accelerator].
	Proxy *Proxy

	// Headers says what the proxy's configuration does with the application's
	// header fields.
	Headers PassedHeaders

	// LimitRate limits the speed of each download, in bytes a second; 0 means no
	// limit. If the proxy has no header field for the limit, the application streams
	// these files, at the same speed.
	LimitRate int64

	// Signed makes the proxy or the client fetch the files by signed URLs; nil means
	// that the rule uses none.
	Signed *Signed
}

// PassedHeaders says which header fields of the application a proxy's configuration
// sends on, in addition to those that the proxy sends on by default.
type PassedHeaders int

const (
	// PassDefault adds no fields. If the proxy drops X-Content-Type-Options and
	// Content-Security-Policy, as nginx does, inline downloads are streamed.
	PassDefault PassedHeaders = iota
	// PassSafety adds X-Content-Type-Options and Content-Security-Policy.
	PassSafety
	// PassAll is for the configuration that "downloadview config" prints. It adds
	// the two fields of PassSafety and others. The application sends some fields
	// under private names, and the configuration renames them on downloads only.
	// So the proxy's error page for a missing file doesn't carry the file's name and
	// cache policy.
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
		return nil, wrong("Store", "store %q is set for local files, which are in no store; leave it empty", r.Store)
	case r.Store != "" && !strings.Contains(r.Store, "://"):
		return nil, wrong("Store", `store %q is not a URL; want the beginning of its files' identities, such as "https://minio.example.com:9000/bucket"`, r.Store)
	case r.LimitRate < 0:
		return nil, wrong("LimitRate", "limit of %d bytes a second is negative; want 0 for no limit", r.LimitRate)
	case r.Headers < PassDefault || r.Headers > PassAll:
		return nil, wrong("Headers", "headers %d is not known; want PassDefault, PassSafety or PassAll", r.Headers)
	}
	if r.Headers != PassDefault {
		made.terms.KeepsSafety = true
	}
	if r.Headers != PassAll {
		made.terms.Private = nil
		if made.terms.CodingField != contentEncoding {
			made.terms.CodingField = ""
		}
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

// redirects makes r a rule that sends clients to signed URLs, without a proxy.
func (r *rule) redirects(from Rule) *RuleError {
	if from.Destination != "" {
		return wrong("Destination", "destination %q is set for a rule that redirects clients; leave it empty", from.Destination)
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
	if path == "" {
		return o, "", nil
	}
	path = strings.TrimSuffix(path, "/")
	if seg, ok := oddSegment(path); ok {
		return origin{}, "", fmt.Errorf("has a segment %q in it; want no empty or dot segments", seg)
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

// oddSegment returns the first segment that is empty, "." or "..".
func oddSegment(path string) (string, bool) {
	for seg := range strings.SplitSeq(path, "/") {
		if isOdd(seg) {
			return seg, true
		}
	}
	return "", false
}

func isOdd(segment string) bool { return segment == "" || segment == "." || segment == ".." }
