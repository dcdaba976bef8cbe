package middleware

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// accepted are the weights that Accept-Encoding gives to content codings, in lower
// case. A coding that it doesn't name is not in the map.
type accepted map[string]float64

// acceptedIn reads Accept-Encoding (RFC 9110, section 12.5.3). A member with a wrong
// syntax doesn't count. If a coding is named twice, its lowest weight counts.
func acceptedIn(lines []string) accepted {
	var a accepted
	for _, line := range lines {
		for member := range strings.SplitSeq(line, ",") {
			coding, weight, ok := parseMember(member)
			if !ok {
				continue
			}
			if a == nil {
				a = make(accepted)
			}
			if had, again := a[coding]; !again || weight < had {
				a[coding] = weight
			}
		}
	}
	return a
}

// parseMember reads a coding and its weight, 1 without a parameter q.
func parseMember(member string) (coding string, weight float64, ok bool) {
	coding, params, _ := strings.Cut(member, ";")
	coding = strings.ToLower(strings.Trim(coding, " \t"))
	if coding == "x-gzip" { // RFC 9110, 8.4.1.3
		coding = "gzip"
	}
	if coding != "*" && !isToken(coding) {
		return "", 0, false
	}
	weight = 1
	for param := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.Trim(name, " \t"), "q") {
			continue
		}
		if weight, ok = parseWeight(strings.Trim(value, " \t")); !ok {
			return "", 0, false
		}
	}
	return coding, weight, true
}

// parseWeight reads a number from 0 to 1 of digits and one dot.
func parseWeight(s string) (float64, bool) {
	if strings.Trim(s, "0123456789.") != "" {
		return 0, false
	}
	w, err := strconv.ParseFloat(s, 64)
	return w, err == nil && w <= 1
}

// isToken reports whether s is a token (RFC 9110, section 5.6.2) that can be a coding.
func isToken(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && !strings.ContainsRune("!#$%&'+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}

// weightOf returns the weight of a coding, 0 if it isn't accepted.
func (a accepted) weightOf(coding string) float64 {
	if w, ok := a[coding]; ok {
		return w
	}
	return a["*"]
}

// order returns those of codings that the client accepts and doesn't like less than
// identity, in the order of their weights. identity counts only if it is named.
func (a accepted) order(codings []string) []string {
	if len(a) == 0 {
		return nil
	}
	least := a["identity"]
	var liked []string
	for _, c := range codings {
		if w := a.weightOf(c); w > 0 && w >= least {
			liked = append(liked, c)
		}
	}
	slices.SortStableFunc(liked, func(c, d string) int { return cmp.Compare(a.weightOf(d), a.weightOf(c)) })
	return liked
}

// refusesIdentity reports whether the client says that it doesn't accept the file as it
// is. Some clients send "*;q=0" and still take it, so that is not enough.
func (a accepted) refusesIdentity() bool {
	w, named := a["identity"]
	return named && w == 0
}
