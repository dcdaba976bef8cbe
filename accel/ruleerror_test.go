package accel_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/downloadview/downloadview/accel"
)

// An error about a rule has the rule and the field as values.
func TestRuleError(t *testing.T) {
	good := accel.Rule{Name: "good", Source: "/srv/good", Destination: "/_good/"}
	for _, tt := range []struct {
		name  string
		rules []accel.Rule
		want  accel.RuleError // but for its Err
		text  string
	}{
		{
			"source",
			[]accel.Rule{good, {Source: "media", Destination: "/_media/"}},
			accel.RuleError{Index: 1, Rule: "media", Field: "Source"},
			`source "media" is neither absolute nor a URL; want an absolute path such as "/srv/media", or a prefix such as "s3://bucket/prefix/"`,
		},
		{
			"destination",
			[]accel.Rule{
				{Name: "media", Source: "/srv/media"}, good,
			},
			accel.RuleError{Rule: "media", Field: "Destination"},
			`destination "" is empty; want an internal location such as "/_media/"`,
		},
		{
			"name",
			[]accel.Rule{good, {Source: "/a", Destination: "/_a/"}, {Name: "good", Source: "/b", Destination: "/_b/"}},
			accel.RuleError{Index: 2, Rule: "good", Field: "Name"},
			`name is the same for the sources "/srv/good" and "/b"; give each rule its own name`,
		},
		{
			"the same source",
			[]accel.Rule{good, {Name: "other", Source: "/srv/good/", Destination: "/_b/"}},
			accel.RuleError{Index: 1, Rule: "other", Field: "Source"},
			`source "/srv/good/" is already the source of rule "good" ("/srv/good"); want one rule for each source`,
		},
		{
			"inside another destination",
			[]accel.Rule{
				{Name: "inner", Source: "/a", Destination: "/_good/a"}, good,
			},
			accel.RuleError{Rule: "inner", Field: "Destination"},
			`destination "/_good/a" lies inside "/_good/", that of rule "good", and their sources don't lie inside one another in the same way: ` +
				"the proxy could send a file of one rule for a file of the other; want a destination outside it",
		},
		{
			"store",
			[]accel.Rule{
				{Source: "/a", Destination: "/_a/", Store: "https://s3"},
			},
			accel.RuleError{Rule: "/a", Field: "Store"},
			`store "https://s3" is set for local files, which are in no store; leave it empty`,
		},
		{
			"speed",
			[]accel.Rule{
				{Source: "/a", Destination: "/_a/", LimitRate: -1},
			},
			accel.RuleError{Rule: "/a", Field: "LimitRate"},
			"limit of -1 bytes a second is negative; want 0 for no limit",
		},
		{
			"headers",
			[]accel.Rule{
				{Source: "/a", Destination: "/_a/", Headers: 7},
			},
			accel.RuleError{Rule: "/a", Field: "Headers"},
			"headers 7 is not known; want PassDefault, PassSafety or PassAll",
		},
		{
			"signed",
			[]accel.Rule{
				{Source: "s3://a", Signed: &accel.Signed{Redirect: http.StatusMovedPermanently}},
			},
			accel.RuleError{Rule: "s3://a", Field: "Signed"},
			"redirects with the status 301; want 302 or 307",
		},
		{
			"a redirect's destination",
			[]accel.Rule{
				{Source: "s3://a", Destination: "/_a/", Signed: &accel.Signed{Redirect: http.StatusFound}},
			},
			accel.RuleError{Rule: "s3://a", Field: "Destination"},
			`destination "/_a/" is set for a rule that redirects clients; leave it empty`,
		},
		{
			"proxy",
			[]accel.Rule{
				{Source: "/a", Destination: "/_a/", Proxy: &accel.Proxy{Name: "mine"}},
			},
			accel.RuleError{Rule: "/a", Field: "Proxy"},
			`mine: header field "" is not in canonical form, such as "X-Accel-Redirect"`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, err := accel.New(accel.Nginx(), nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, made := accel.New(accel.Nginx(), tt.rules, nil)
			for by, err := range map[string]error{"New": made, "Swap": a.Swap(tt.rules...)} {
				var got *accel.RuleError
				if !errors.As(err, &got) {
					t.Fatalf("%s: error %v, want a RuleError", by, err)
				}
				if got.Index != tt.want.Index || got.Rule != tt.want.Rule || got.Field != tt.want.Field || got.Err.Error() != tt.text {
					t.Errorf("%s: %+v, want %+v with %q", by, *got, tt.want, tt.text)
				}
				if want := `accel: rule "` + tt.want.Rule + `": ` + tt.text; err.Error() != want {
					t.Errorf("%s: %q, want %q", by, err, want)
				}
			}
		})
	}
}

// The rule of To has no name in errors.
func TestRuleErrorOfTo(t *testing.T) {
	a, err := accel.New(accel.Nginx(), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		rule  accel.Rule
		path  string
		field string
		text  string
	}{
		{accel.Rule{Destination: "media"}, "a.txt", "Destination", `accel: destination "media" does not begin with a slash; want an internal location such as "/_media/"`},
		{accel.Rule{Destination: "/_media/"}, "../a.txt", "", `accel: path "../a.txt" has a segment ".." or a NUL in it; want a relative path such as "2026/report.pdf"`},
	} {
		_, err := a.To(tt.rule, tt.path)
		var got *accel.RuleError
		if !errors.As(err, &got) || got.Field != tt.field || got.Rule != "" || err.Error() != tt.text {
			t.Errorf("error %v, %+v, want field %q and %q", err, got, tt.field, tt.text)
		}
	}
}

// A proxy that isn't complete is not the error of a rule.
func TestProxyErrorIsNoRuleError(t *testing.T) {
	_, err := accel.New(accel.Proxy{}, []accel.Rule{{Source: "/a", Destination: "/_a/"}}, nil)
	var wrong *accel.RuleError
	if err == nil || errors.As(err, &wrong) || err.Error() != "accel: the proxy has no Name; accel.Nginx() is a complete one" {
		t.Errorf("error %v, want one of the proxy", err)
	}
}
