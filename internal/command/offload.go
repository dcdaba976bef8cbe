package command

import (
	"path/filepath"
	"strings"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/config"
)

// offloading returns a middleware that hands over by --accel and --rule, or by
// the rules of the file, which the offloads then hold; else they are nil.
func (s *serve) offloading(c *config.Config) (downloadview.Middleware, *offloads, error) {
	switch {
	case s.Accel == "" && len(s.Rule) > 0:
		return nil, nil, usageErrorf("--rule %q says nothing without --accel; want --accel nginx", s.Rule[0])
	case s.Accel == "" && s.Blind && len(c.Rules) == 0:
		return nil, nil, usageErrorf("--blind says nothing without --accel; want --accel nginx and a --rule")
	case s.Accel == "" && s.Config == "":
		return plain, nil, nil
	case s.Accel == "":
		rules := new(offloads)
		return rules.middleware, rules, rules.swap(c)
	case s.Accel != "nginx":
		return nil, nil, usageErrorf("--accel %q is not supported; want nginx", s.Accel)
	case len(s.Rule) == 0:
		return nil, nil, usageErrorf("--accel %s hands nothing over without a rule; want --rule SOURCE=DEST, such as /srv/media=/_media/", s.Accel)
	}
	rules, err := parseRules(s.Rule)
	if err != nil {
		return nil, nil, err
	}
	a, err := accel.New(accel.Nginx(), rules...)
	if err != nil {
		return nil, nil, usageErrorf("--rule: %w", err)
	}
	return a.Middleware, nil, nil
}

// plain is the middleware that leaves a view as it is.
func plain(v downloadview.View) downloadview.View { return v }

func parseRules(texts []string) ([]accel.Rule, error) {
	rules := make([]accel.Rule, len(texts))
	for i, text := range texts {
		var err error
		if rules[i], err = parseRule(text); err != nil {
			return nil, err
		}
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
	if !hasScheme.MatchString(source) {
		abs, err := filepath.Abs(source)
		if err != nil {
			return accel.Rule{}, usageErrorf("--rule %q: %w", text, err)
		}
		source = abs
	}
	return accel.Rule{Source: source, Destination: destination}, nil
}
