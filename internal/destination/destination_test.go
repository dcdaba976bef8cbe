package destination_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/destination"
)

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		name   string
		places []destination.Place
		ok     bool
	}{
		{"apart", []destination.Place{{Destination: "/_a/", Path: "a"}, {Destination: "/_b/", Path: "b"}}, true},
		{"siblings", []destination.Place{{Destination: "/_a/", Path: "a"}, {Destination: "/_a-b/", Path: "b"}}, true},
		{"inside", []destination.Place{{Destination: "/_a/", Path: "a"}, {Destination: "/_a/b/", Path: "b"}}, false},
		{"inside, likewise", []destination.Place{{Destination: "/_a/", Path: "a"}, {Destination: "/_a/b/", Path: "a/b"}}, true},
		{"inside, the other way round", []destination.Place{{Destination: "/_a/b/", Path: "a"}, {Destination: "/_a/", Path: "a/b"}}, false},
		{"inside, of another origin", []destination.Place{{Destination: "/_a/", Path: "a"}, {Destination: "/_a/b/", Origin: "s3://x", Path: "a/b"}}, false},
		{"inside, further down", []destination.Place{{Destination: "/_a/", Path: "a"}, {Destination: "/_a/x/y/", Path: "a/y"}}, false},
		{"below all", []destination.Place{{Destination: "/", Path: ""}, {Destination: "/_a/", Path: "a"}}, false},
		{"below all, likewise", []destination.Place{{Destination: "/", Path: ""}, {Destination: "/a/", Path: "a"}}, true},
		{"through one that is fine", []destination.Place{{Destination: "/_a/", Path: "a"}, {Destination: "/_a/b/", Path: "a/b"}, {Destination: "/_a/b/c/", Path: "c"}}, false},
		{"equal", []destination.Place{{Destination: "/_a/", Path: "a"}, {Destination: "/_a", Path: "b"}}, false},
		{"equal, of the same source", []destination.Place{{Destination: "/_a/", Path: "a"}, {Destination: "/_a", Path: "a"}}, true},
		{"by case", []destination.Place{{Destination: "/_a/", Path: "a"}, {Destination: "/_A/b/", Path: "a/b"}}, false},
		{"by encoding", []destination.Place{{Destination: "/_a b/", Path: "a"}, {Destination: "/_a%20b/c/", Path: "c"}}, false},
		{"source by case", []destination.Place{{Destination: "/_a/", Path: "a"}, {Destination: "/_a/b/", Path: "a/B"}}, false},
		{"of other servers", []destination.Place{{Destination: "/a/", Path: "a", Space: "x"}, {Destination: "/a/b/", Path: "b", Space: "y"}}, true},
		{"in another directory", []destination.Place{{Destination: "/_a/", Path: "a"}, {Destination: "/_a/b/", Path: "a/b", Directory: "/mnt/b"}}, false},
		{"in the same directory", []destination.Place{{Destination: "/_a/", Path: "a", Directory: "/mnt/a/"}, {Destination: "/_a/b/", Path: "a/b", Directory: "/mnt/a/b"}}, true},
		{"of a moved directory", []destination.Place{{Destination: "/_a/", Path: "a", Directory: "/mnt"}, {Destination: "/_a/b/", Path: "a/b"}}, false},
		{"in the directory of the source", []destination.Place{{Destination: "/_a/", Path: "a"}, {Destination: "/_a/b/", Path: "a/b", Directory: "/a/b"}}, true},
		{"signed in files", []destination.Place{{Destination: "/_a/", Path: "a"}, {Destination: "/_a/b/", Path: "a/b", Alone: true}}, false},
		{"files in signed", []destination.Place{{Destination: "/_a/", Path: "a", Alone: true}, {Destination: "/_a/b/", Path: "b"}}, true},
		{"signed and files", []destination.Place{{Destination: "/_a/", Path: "a", Alone: true}, {Destination: "/_a/", Path: "b"}}, false},
		{"files and signed", []destination.Place{{Destination: "/_a/", Path: "a"}, {Destination: "/_a/", Path: "b", Alone: true}}, false},
		{"both signed", []destination.Place{{Destination: "/_a/", Path: "a", Alone: true}, {Destination: "/_a/", Path: "b", Alone: true}}, true},
		{"behind a signed one", []destination.Place{{Destination: "/_a/", Path: "a", Alone: true}, {Destination: "/_a/b/", Path: "b"}, {Destination: "/_a/b/c/", Path: "c"}}, false},
	} {
		rotated := tt.places
		for range tt.places {
			rotated = append(rotated[1:len(rotated):len(rotated)], rotated[0])
			if o := destination.Check(rotated); (len(o) == 0) != tt.ok {
				t.Errorf("%s: %v, want it accepted: %v", tt.name, o, tt.ok)
			}
		}
	}
}

func TestSplit(t *testing.T) {
	for source, want := range map[string][2]string{
		"/srv/media/":        {"file://", "srv/media"},
		"file:///srv/media":  {"file://", "srv/media"},
		"/":                  {"file://", ""},
		"s3://bucket":        {"s3://bucket", ""},
		"s3://bucket/a//b/":  {"s3://bucket", "a//b"},
		"azblob://box/2026/": {"azblob://box", "2026"},
	} {
		if origin, path := destination.Split(source); origin != want[0] || path != want[1] {
			t.Errorf("Split(%q) = %q, %q, want %q", source, origin, path, want)
		}
	}
}

// If rules are accepted, each location leads to one file: the proxy never looks
// for two files in the same place.
func TestOneLocationIsOneFile(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	segments := []string{"a", "b", "B"}
	path := func(most int) string {
		var all []string
		for range random.IntN(most + 1) {
			all = append(all, segments[random.IntN(len(segments))])
		}
		return strings.Join(all, "/")
	}
	var files []string
	for _, x := range segments {
		files = append(files, x)
		for _, y := range segments {
			files = append(files, x+"/"+y)
			for _, z := range segments {
				files = append(files, x+"/"+y+"/"+z)
			}
		}
	}
	accepted, nested := 0, 0
	for range 20_000 {
		places := make([]destination.Place, 2+random.IntN(2))
		sources := map[string]bool{}
		for i := range places {
			places[i] = destination.Place{Destination: "/" + path(2), Path: path(2)}
			sources[places[i].Path] = true
		}
		if len(sources) < len(places) || destination.Check(places) != nil {
			continue
		}
		accepted++
		for i, p := range places {
			for j, q := range places {
				if i != j && strings.HasPrefix(p.Destination, strings.TrimSuffix(q.Destination, "/")+"/") {
					nested++
				}
			}
		}
		seen := map[string]string{} // the file by its location
		for _, file := range files {
			rule := -1 // that of the longest source
			for i, p := range places {
				if (p.Path == "" || strings.HasPrefix(file, p.Path+"/")) && (rule < 0 || len(p.Path) > len(places[rule].Path)) {
					rule = i
				}
			}
			if rule < 0 {
				continue
			}
			p := places[rule]
			location := strings.TrimSuffix(p.Destination, "/") + "/" + strings.TrimPrefix(strings.TrimPrefix(file, p.Path), "/")
			if other, taken := seen[location]; taken && other != file {
				t.Fatalf("%+v: %s is %q and %q", places, location, other, file)
			}
			seen[location] = file
			// The proxy uses the longest destination.
			found := -1
			for i, q := range places {
				if strings.HasPrefix(location, strings.TrimSuffix(q.Destination, "/")+"/") && (found < 0 || len(q.Destination) > len(places[found].Destination)) {
					found = i
				}
			}
			q := places[found]
			sent := strings.TrimPrefix(q.Path+"/"+strings.TrimPrefix(location, strings.TrimSuffix(q.Destination, "/")+"/"), "/")
			if sent != file {
				t.Fatalf("%+v: for %q the proxy sends %q", places, file, sent)
			}
		}
	}
	if accepted < 1000 || nested < 50 {
		t.Errorf("%d sets of rules accepted, %d with destinations in one another; want more", accepted, nested)
	}
}
