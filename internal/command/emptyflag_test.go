package command

import (
	"bytes"
	"context"
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/downloadview/downloadview"
)

// Each flag of each command is refused without a value, and the error names it.
func TestEmptyFlags(t *testing.T) {
	if ranWithoutRaceDetector(t) {
		return
	}
	model := kong.Must(new(commands), words()).Model
	dir := t.TempDir()
	ended, end := context.WithCancel(t.Context())
	end() // a server would start and stop
	arguments := map[string][]string{
		"serve":        {dir},
		"explain":      {dir, "key"},
		"doctor":       {"http://127.0.0.1:1", dir},
		"sign":         {"/a"},
		"ledger":       {filepath.Join(dir, "none.log")},
		"config print": {"nginx"},
		"config check": {filepath.Join(dir, "none.yaml")},
	}
	tried := 0
	for _, command := range model.Leaves(false) {
		name := strings.TrimPrefix(command.FullPath(), model.Name+" ")
		for _, flag := range command.Flags {
			if flag.IsBool() || flag.Name == "help" {
				continue
			}
			tried++
			for _, empty := range [][]string{{"--" + flag.Name, ""}, {"--" + flag.Name + "="}} {
				args := append(append(strings.Fields(strings.TrimSuffix(name, " print")), empty...), arguments[name]...)
				var stderr bytes.Buffer
				status := Run(ended, args, &stderr, &stderr, nil)
				if status != exitUsage || !strings.Contains(stderr.String(), "--"+flag.Name) {
					t.Errorf("%q: exit %d, %s; want exit 2 and the flag's name", args, status, &stderr)
				}
			}
		}
	}
	if tried < 40 {
		t.Errorf("%d flags tried, want those of all commands", tried)
	}
}

// A URL with an empty parameter is refused: an unset variable leaves one, as in
// ?prefix=$TENANT.
func TestEmptyParameters(t *testing.T) {
	for _, storage := range []string{"s3://bucket?region=eu&prefix=", "gs://bucket?prefix", "azblob://box?key=", "file:///srv?prefix=", "mem://?prefix="} {
		opened := func(context.Context, *url.URL, *Reach) (downloadview.Storage, func() error, error) {
			t.Errorf("%s: opened", storage)
			return nil, nil, errors.New("opened")
		}
		var stderr bytes.Buffer
		if status := Run(t.Context(), []string{"explain", storage, "a"}, &stderr, &stderr, opened); status != exitUsage || !strings.Contains(stderr.String(), "without a value") {
			t.Errorf("%s: exit %d, %s; want exit 2 and the parameter's name", storage, status, &stderr)
		}
	}
}
