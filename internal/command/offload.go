package command

import (
	"path/filepath"
	"strings"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
)

// offloading makes a middleware of --accel and --rule; nil where nothing is to
// be handed over.
func (s *serve) offloading() (downloadview.Middleware, error) {
	switch {
	case s.Accel == "" && len(s.Rule) > 0:
		return nil, usageErrorf("--rule %q says nothing without --accel; want --accel nginx", s.Rule[0])
	case s.Accel == "" && s.Blind:
		return nil, usageErrorf("--blind says nothing without --accel; want --accel nginx and a --rule")
	case s.Accel == "":
		return nil, nil
	case s.Accel != "nginx":
		return nil, usageErrorf("--accel %q is not supported; want nginx", s.Accel)
	case len(s.Rule) == 0:
		return nil, usageErrorf("--accel %s hands nothing over without a rule; want --rule SOURCE=DEST, such as /srv/media=/_media/", s.Accel)
	}
	rules := make([]accel.Rule, len(s.Rule))
	for i, text := range s.Rule {
		var err error
		if rules[i], err = parseRule(text); err != nil {
			return nil, err
		}
	}
	a, err := accel.New(accel.Nginx(), rules...)
	if err != nil {
		return nil, usageErrorf("--rule: %w", err)
	}
	return a.Middleware, nil
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
