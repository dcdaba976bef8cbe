package command

import (
	"cmp"
	"errors"
	"path/filepath"
	"strings"

	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/internal/proxies"
)

// behindProxy are the flags for the proxy in front.
type behindProxy struct {
	Accel     string `placeholder:"SERVER" group:"Behind a proxy:" help:"The proxy in front, which sends the files that a --rule covers: ${proxies}, with a version where that matters, such as ${versions}. Files that it can't send are streamed. Default: every file is streamed."`
	ruleFlags `group:"Behind a proxy:"`
	Headers   string   `placeholder:"WHICH" group:"Behind a proxy:" help:"Which header fields the proxy's configuration passes on, beside those that the server passes on by itself: own (no others; files that are shown with --inline are then not handed over to ${dropping}), safety (also those that keep shown files from running scripts) or private (all, as in the output of \"downloadview config\"). Default: own."`
	AccelFrom []string `placeholder:"ADDR" group:"Behind a proxy:" help:"Where the proxy's requests come from: addresses, ranges such as 10.0.0.0/8, and \"unix\" for the socket, separated by commas. Other requests are streamed. Repeatable. Default: every request counts as the proxy's."`
	Blind     bool     `group:"Behind a proxy:" help:"Hand over without opening the file first, to servers that check conditions by their own entity tags (${judging}). For a missing file the proxy then answers 404. Default: the file is opened first."`
}

// ruleFlags are the flags for the files that a proxy sends, and their places.
type ruleFlags struct {
	Rule   []string `placeholder:"SOURCE=DEST" sep:"none" help:"The proxy finds the files below SOURCE at DEST. SOURCE is a directory (a relative path is made absolute) or the URL of a bucket. DEST is an internal location such as /_media/ for ${locations}, and a directory on the proxy's machine for ${directories}. SOURCE ends at the first \"=\". Repeatable; the longest SOURCE wins. Default: none."`
	Signed bool     `help:"Let ${fetching} fetch the files of a bucket that a --rule covers by signed URLs; DEST alone is then the internal location. Default: ${fetching} gets DEST and the key."`
}

// accelerator returns an Accelerator with the rules of the flags, checked against the
// mounts and storages of c; nil without --accel.
func (b *behindProxy) accelerator(c *config.Config) (*accel.Accelerator, error) {
	if b.Accel == "" {
		return nil, b.checkUnused()
	}
	proxy, err := proxies.Find(b.Accel)
	if err != nil {
		return nil, usageErrorf("--accel: %w", err)
	}
	if len(b.Rule) == 0 {
		example := "/srv/media=/_media/"
		if !proxy.Locations {
			example = "/srv/media=/srv/media"
		}
		return nil, usageErrorf("--accel %s hands nothing over without a rule; want --rule SOURCE=DEST, such as %s", b.Accel, example)
	}
	headers, err := config.ParseHeaders(cmp.Or(b.Headers, "own"))
	if err != nil {
		return nil, usageErrorf("--headers %q; want own, safety or private", b.Headers)
	}
	from, err := b.from()
	if err != nil {
		return nil, err
	}
	rules, err := b.rules()
	if err != nil {
		return nil, err
	}
	buckets := mountedBuckets(c)
	for i := range rules {
		rules[i].Headers = headers
		if err := checkRule(c, buckets, &rules[i], proxy); err != nil {
			return nil, usageErrorf("--rule %q: %w", b.Rule[i], err)
		}
	}
	a, err := accel.New(proxy.Accel(), rules, &accel.Options{From: from})
	if err != nil {
		return nil, ruleError(err)
	}
	return a, nil
}

func (b *behindProxy) from() (accel.From, error) {
	if len(b.AccelFrom) == 0 { // checkEmpty has refused an empty value
		return accel.From{}, nil
	}
	for _, s := range b.AccelFrom {
		if _, err := accel.ParseFrom(s); err != nil {
			return accel.From{}, usageErrorf("--accel-from: %q is not an address; want an address such as 127.0.0.1, a range such as 10.0.0.0/8, or unix", s)
		}
	}
	return accel.ParseFrom(b.AccelFrom...)
}

// ruleError returns err as a usage error that names the --rule.
func ruleError(err error) error {
	if e, ok := errors.AsType[*accel.RuleError](err); ok {
		return usageErrorf("--rule: rule %q: %w", e.Rule, e.Err)
	}
	return usageErrorf("--rule: %w", err)
}

// checkUnused refuses flags that have no effect without --accel.
func (b *behindProxy) checkUnused() error {
	want := "want --accel with " + proxies.Or(proxies.Servers())
	switch {
	case len(b.Rule) > 0:
		return usageErrorf("--rule %q has no effect without --accel; %s", b.Rule[0], want)
	case b.Signed:
		return usageErrorf("--signed has no effect without --accel; %s, and a --rule", want)
	case b.Headers != "":
		return usageErrorf("--headers %q has no effect without --accel; %s, and a --rule", b.Headers, want)
	case len(b.AccelFrom) > 0:
		return usageErrorf("--accel-from %q has no effect without --accel; %s, and a --rule", b.AccelFrom[0], want)
	}
	return nil
}

// rules returns the rules of the flags. Relative paths are made absolute; the rest is
// as it was written.
func (f *ruleFlags) rules() ([]accel.Rule, error) {
	rules := make([]accel.Rule, len(f.Rule))
	signed := false
	for i, text := range f.Rule {
		var err error
		if rules[i], err = parseRule(text); err != nil {
			return nil, err
		}
		if f.Signed && isBucket(rules[i].Source) {
			rules[i].Signed = new(accel.Signed)
			signed = true
		}
	}
	if f.Signed && !signed {
		return nil, usageErrorf("--signed is for files in a bucket, and no --rule has the URL of a bucket; want one such as s3://reports=/_reports/")
	}
	return rules, nil
}

// parseRule reads SOURCE=DEST. It makes a path absolute in the same way as the STORAGE
// argument, so that the two agree.
func parseRule(text string) (accel.Rule, error) {
	source, destination, ok := strings.Cut(text, "=")
	if !ok || source == "" || destination == "" {
		return accel.Rule{}, usageErrorf("--rule %q; want SOURCE=DEST, such as /srv/media=/_media/", text)
	}
	for _, place := range []string{source, destination} { // no shell expands the text after "--rule="
		if err := config.CheckExpanded(place); err != nil {
			return accel.Rule{}, usageErrorf("--rule %q: %q %w", text, place, err)
		}
	}
	if !hasScheme.MatchString(source) {
		abs, err := filepath.Abs(source)
		if err != nil {
			return accel.Rule{}, usageErrorf("--rule %q: %w", text, err)
		}
		source = abs
	}
	return accel.Rule{Source: source, Destination: destination}, nil
}

// isBucket reports whether source is the URL of a bucket, not a directory.
func isBucket(source string) bool {
	return hasScheme.MatchString(source) && !strings.HasPrefix(source, "file://")
}
