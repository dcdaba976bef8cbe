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

// behindProxy are the flags about the proxy in front.
type behindProxy struct {
	Accel     string `placeholder:"SERVER" group:"Behind a proxy:" help:"The proxy in front that sends the bytes of what a rule covers: ${proxies}, or one with a version where it matters, such as ${versions}. What it can't send is streamed. Default: everything is streamed."`
	ruleFlags `group:"Behind a proxy:"`
	Headers   string   `placeholder:"WHICH" group:"Behind a proxy:" help:"What the proxy's configuration does with header fields that the server would drop: own (nothing; ${dropping} then isn't handed what is shown --inline), safety (sends those on that keep shown files from running script) or private (as \"downloadview config\" prints it). Default: own."`
	AccelFrom []string `placeholder:"ADDR" group:"Behind a proxy:" help:"Where the proxy's requests come from: addresses, ranges such as 10.0.0.0/8, and \"unix\" for the socket, with commas between. Others are streamed to. Repeatable. Default: every request is taken for the proxy's."`
	Blind     bool     `group:"Behind a proxy:" help:"Hand over without opening the file first, where the server judges by its own tags (${judging}). Missing files are then the proxy's 404. Default: look first."`
}

// ruleFlags are the flags that say where a proxy finds which files.
type ruleFlags struct {
	Rule   []string `placeholder:"SOURCE=DEST" sep:"none" help:"Where the proxy finds the files below SOURCE, a directory (relative ones are made absolute) or a bucket's URL: for ${locations} an internal location such as /_media/, for ${directories} a directory of the proxy's machine. Split at the first \"=\". Repeatable; the longest SOURCE wins. Default: none."`
	Signed bool     `help:"Have ${fetching} fetch what a --rule covers in a bucket by signed URLs; DEST alone is then the internal location. Default: ${fetching} is told DEST and the key."`
}

// accelerator hands over by the flags what c serves; nil where there are none.
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
	for i := range rules {
		rules[i].Headers = headers
		if err := checkRule(c, &rules[i], proxy); err != nil {
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
	if len(b.AccelFrom) == 0 { // an empty one was refused
		return accel.From{}, nil
	}
	for _, s := range b.AccelFrom {
		if _, err := accel.ParseFrom(s); err != nil {
			return accel.From{}, usageErrorf("--accel-from: %q is where no request comes from; want an address such as 127.0.0.1, a range such as 10.0.0.0/8, or unix", s)
		}
	}
	return accel.ParseFrom(b.AccelFrom...)
}

// ruleError says which --rule is wrong.
func ruleError(err error) error {
	if e, ok := errors.AsType[*accel.RuleError](err); ok {
		return usageErrorf("--rule: rule %q: %w", e.Rule, e.Err)
	}
	return usageErrorf("--rule: %w", err)
}

// checkUnused refuses flags that say nothing without --accel.
func (b *behindProxy) checkUnused() error {
	want := "want --accel with " + proxies.Or(proxies.Servers())
	switch {
	case len(b.Rule) > 0:
		return usageErrorf("--rule %q says nothing without --accel; %s", b.Rule[0], want)
	case b.Signed:
		return usageErrorf("--signed says nothing without --accel; %s, and a --rule", want)
	case b.Headers != "":
		return usageErrorf("--headers %q says nothing without --accel; %s, and a --rule", b.Headers, want)
	case len(b.AccelFrom) > 0:
		return usageErrorf("--accel-from %q says nothing without --accel; %s, and a --rule", b.AccelFrom[0], want)
	}
	return nil
}

// rules returns what the flags say, as it was written but for relative paths.
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
		return nil, usageErrorf("--signed is for what lives in a bucket, and no --rule is for one; want such as s3://reports=/_reports/")
	}
	return rules, nil
}

// parseRule reads SOURCE=DEST. A path is made absolute as the directory
// argument is, so that the two agree.
func parseRule(text string) (accel.Rule, error) {
	source, destination, ok := strings.Cut(text, "=")
	if !ok || source == "" || destination == "" {
		return accel.Rule{}, usageErrorf("--rule %q; want SOURCE=DEST, such as /srv/media=/_media/", text)
	}
	for _, place := range []string{source, destination} { // as no shell expands what follows "--rule="
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

// isBucket tells the prefix of objects from a directory.
func isBucket(source string) bool {
	return hasScheme.MatchString(source) && !strings.HasPrefix(source, "file://")
}
