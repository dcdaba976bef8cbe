package nginx

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

const (
	// nodeField is what a cache node tells its edge about an answer.
	nodeField = PrivatePrefix + "Node"
	// tierField is what an edge tells the doctor.
	tierField = "X-Downloadview-Tier"
)

// NodeField and TierField return their names, for the templates.
func (conf) NodeField() string { return nodeField }
func (conf) TierField() string { return tierField }

// printed is a room.Printed as it stands in the configuration.
type printed string

// newPrinted returns what identifies the configuration of a cache node for l: the text
// of its location, without comments, and without what may differ between machines.
func newPrinted(l location) (printed, error) {
	l.Title, l.Printed = "", ""
	l.Cache = &cache{Name: "cache"}
	l.SelfHost, l.Resolvers, l.Authorities = "", nil, ""
	name := "node-whole"
	if l.Slice > 0 {
		name = "node-slices"
	}
	var text strings.Builder
	if err := texts.ExecuteTemplate(&text, name, l); err != nil {
		return "", err
	}
	sum := sha256.New()
	for line := range strings.Lines(text.String()) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") {
			fmt.Fprintln(sum, line)
		}
	}
	return printed(fmt.Sprintf("%d-%s", l.Slice, hex.EncodeToString(sum.Sum(nil)[:6]))), nil
}

func (p printed) read() room.Printed {
	size, sum, _ := strings.Cut(string(p), "-")
	n, _ := strconv.ParseInt(size, 10, 64)
	return room.Printed{Slice: n, Sum: sum}
}

// passage reads the header by which the edge tells the doctor how a download went.
func passage(h http.Header) (room.Passage, bool) {
	said := strings.Split(h.Get(tierField), "|")
	if len(said) != 7 {
		return room.Passage{}, false
	}
	p := room.Passage{Edge: printed(said[0]).read()}
	before, tried := attempts(said[2], said[3], said[4])
	if len(before) > 0 {
		p.Application = before[len(before)-1]
		p.Application.Date, _ = http.ParseTime(said[1])
	}
	if len(tried) > 0 {
		p.Failed, p.Node = tried[:len(tried)-1], tried[len(tried)-1]
		p.Node.Date, _ = http.ParseTime(said[5])
	}
	if p.Node.Date == (time.Time{}) { // the answer is nginx's own
		if strings.Contains(p.Node.Addr, ":") {
			p.Failed = append(p.Failed, p.Node)
		}
		p.Node = room.Attempt{}
	}
	words := strings.Fields(said[6])
	if len(words) > 1 {
		p.AtNode, p.Cached = printed(words[0]).read(), words[1]
	}
	if len(words) > 2 {
		var from, to int64
		if n, _ := fmt.Sscanf(words[2], "bytes=%d-%d", &from, &to); n == 2 {
			p.Slice = to - from + 1
		}
	}
	return p, true
}

// attempts reads nginx's $upstream_addr, $upstream_status and $upstream_connect_time.
// Servers of one group have commas between them. The groups have colons between them,
// first that of the applications.
func attempts(addrs, statuses, joined string) (before, last []room.Attempt) {
	groups, codes, times := strings.Split(addrs, " : "), strings.Split(statuses, " : "), strings.Split(joined, " : ")
	for i, group := range groups {
		if i >= len(codes) || i >= len(times) {
			break
		}
		var tried []room.Attempt
		code, took := strings.Split(codes[i], ", "), strings.Split(times[i], ", ")
		for j, addr := range strings.Split(group, ", ") {
			if j >= len(code) || j >= len(took) {
				break
			}
			status, _ := strconv.Atoi(code[j])
			tried = append(tried, room.Attempt{Addr: addr, Status: status, Joined: took[j] != "-"})
		}
		if i < len(groups)-1 {
			before = tried
		} else {
			last = tried
		}
	}
	return before, last
}
