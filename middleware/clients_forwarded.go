package middleware

import (
	"iter"
	"net/http"
	"slices"
	"strings"
)

// hops yields the peers that proxies have added to the header, the nearest first. If
// there is X-Forwarded-For, Forwarded is ignored: all the servers in front can write
// the former, and the latter may come from the client.
func hops(h http.Header) iter.Seq[string] {
	return func(yield func(string) bool) {
		if lines := h["X-Forwarded-For"]; len(lines) > 0 {
			for _, line := range slices.Backward(lines) {
				for more := true; more; {
					var hop string
					line, hop, more = cutLast(line)
					if !yield(strings.Trim(hop, " \t")) {
						return
					}
				}
			}
			return
		}
		for _, line := range slices.Backward(h["Forwarded"]) {
			elements, ok := forwarded(line)
			if !ok {
				yield("")
				return
			}
			for _, hop := range slices.Backward(elements) {
				if !yield(hop) {
					return
				}
			}
		}
	}
}

// cutLast splits the last element off a list.
func cutLast(list string) (before, last string, more bool) {
	i := strings.LastIndexByte(list, ',')
	if i < 0 {
		return "", list, false
	}
	return list[:i], list[i+1:], true
}

// forwarded returns the parameter "for" of each element of a line of Forwarded (RFC
// 7239, section 4), "" for an element without it. It returns false if the line has
// another form, which a client can cause with an open quote before the elements that
// proxies add.
func forwarded(line string) (hops []string, ok bool) {
	var hop string
	for {
		line = strings.TrimLeft(line, " \t")
		name, rest, found := strings.Cut(line, "=")
		if !found || strings.ContainsAny(name, ",;\" \t") {
			return nil, false
		}
		var value string
		if value, line, ok = cutValue(rest); !ok {
			return nil, false
		}
		if strings.EqualFold(name, "for") {
			hop = value
		}
		line = strings.TrimLeft(line, " \t")
		switch {
		case line == "":
			return append(hops, hop), true
		case line[0] == ',':
			hops, hop = append(hops, hop), ""
		case line[0] != ';':
			return nil, false
		}
		line = line[1:]
	}
}

// cutValue splits a token or a quoted string off the front of s.
func cutValue(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		end := strings.IndexAny(s, ",;\" \t")
		if end < 0 {
			end = len(s)
		}
		return s[:end], s[end:], true
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), s[i+1:], true
		case '\\':
			if i++; i == len(s) {
				return "", "", false
			}
		}
		b.WriteByte(s[i])
	}
	return "", "", false
}
