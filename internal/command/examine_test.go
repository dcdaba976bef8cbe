package command

import (
	"context"
	"io/fs"
	"slices"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/internal/config"
	"github.com/downloadview/downloadview/internal/proxies/site"
)

// sourced is a storage whose files have a source.
type sourced string

func (s sourced) File(key string) (downloadview.File, error) { return sourcedFile{s, key}, nil }

type sourcedFile struct {
	bucket sourced
	key    string
}

func (f sourcedFile) Name() string { return f.key }

func (sourcedFile) Open(context.Context) (fs.File, error) { return nil, fs.ErrNotExist }

func (f sourcedFile) Source() (downloadview.Source, bool) {
	return downloadview.Source{Scheme: "s3", Host: string(f.bucket), Path: f.key}, true
}

// The doctor asks the cache nodes of the file only for a storage whose rule has a cache.
func TestCacheNodes(t *testing.T) {
	nodes := []string{"10.0.0.11:8081", "10.0.0.12:8081"}
	rule := func(bucket string, cache int64) config.Rule {
		return config.Rule{Proxy: "front", Rule: site.Rule{Cache: cache, Rule: accel.Rule{
			Name: bucket, Source: "s3://" + bucket, Destination: "/_" + bucket + "/", Signed: &accel.Signed{},
		}}}
	}
	tiered := config.Proxy{Name: "front", Server: "nginx", Site: site.Site{Tier: &site.Tier{Nodes: nodes}}}
	for _, tt := range []struct {
		name, bucket string
		proxies      []config.Proxy
		want         []string
	}{
		{"a cache", "kept", []config.Proxy{tiered}, nodes},
		{"no cache", "fetched", []config.Proxy{tiered}, nil},
		{"no rule", "other", []config.Proxy{tiered}, nil},
		{"no tier", "kept", []config.Proxy{{Name: "front", Server: "nginx"}}, nil},
	} {
		c := &config.Config{Proxies: tt.proxies, Rules: []config.Rule{rule("kept", 1<<30), rule("fetched", 0)}}
		rules := new(offloads)
		if err := rules.swap(c); err != nil {
			t.Fatal(err)
		}
		if got := cacheNodes(c, sourced(tt.bucket), rules); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := cacheNodes(&config.Config{Proxies: []config.Proxy{tiered}}, sourced("kept"), nil); got != nil {
		t.Errorf("without an accelerator: %q, want none", got)
	}
}
