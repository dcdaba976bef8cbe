package downloadview

import (
	"slices"
	"strings"
)

// strictest are the values of the policies that have a single value, the
// strictest first. A value that is not in the list is weaker than all of them.
var strictest = map[string][]string{
	"Cross-Origin-Embedder-Policy": {"require-corp", "credentialless", "unsafe-none"},
	"Cross-Origin-Opener-Policy":   {"same-origin", "noopener-allow-popups", "same-origin-allow-popups", "unsafe-none"},
	"Cross-Origin-Resource-Policy": {"same-origin", "same-site", "cross-origin"},
	"Referrer-Policy": {
		"no-referrer", "same-origin", "strict-origin", "origin", "strict-origin-when-cross-origin",
		"origin-when-cross-origin", "no-referrer-when-downgrade", "unsafe-url",
	},
	"X-Frame-Options": {"deny", "sameorigin"},
}

// sandbox adds a policy that lets nothing in the answer run with the rights of
// the site. Browsers enforce all policies of an answer. All policies are put in
// one line, because a proxy on the way may drop further lines.
func (f *fields) sandbox() {
	const key = "Content-Security-Policy"
	policies := make([]string, 0, len(f.header[key])+1)
	for _, p := range f.header[key] {
		if p = strings.Trim(p, ", \t"); p != "" {
			policies = append(policies, p)
		}
	}
	f.set(key, strings.Join(append(policies, "sandbox"), ", "))
}

// isWeaker reports whether the values of a field would weaken the policy that
// an outer handler has set.
func isWeaker(key string, values, outside []string) bool {
	if key == "Strict-Transport-Security" { // speaks for the whole site, not for a file
		return true
	}
	order, ok := strictest[key]
	return ok && rank(order, values) > rank(order, outside)
}

// rank returns how many policies are stricter. Of a list, the last value that
// browsers know counts.
func rank(order, values []string) int {
	n := len(order)
	for _, value := range values {
		for v := range strings.SplitSeq(value, ",") {
			v, _, _ = strings.Cut(v, ";") // report-to
			if i := slices.Index(order, strings.ToLower(strings.Trim(v, " \t"))); i >= 0 {
				n = i
			}
		}
	}
	return n
}
