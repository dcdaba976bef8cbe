package completion

import (
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

type program struct {
	Serve struct {
		Storage string `arg:"" optional:""`
		Accel   string
		Index   bool
		KeyFile string `placeholder:"FILE"`
		Secret  string `hidden:""`
	} `cmd:"" help:"Serve. Everything."`
	Config struct {
		Check struct {
			File string `arg:""`
		} `cmd:""`
		Print struct {
			Server string `arg:""`
			Folder string `placeholder:"DIR"`
		} `cmd:"" default:"withargs"`
	} `cmd:""`
	Inner struct{} `cmd:"" hidden:""`
}

func TestComplete(t *testing.T) {
	k := kong.Must(new(program), kong.Name("p"))
	c := &Completer{
		Program:   k.Model,
		Values:    map[string][]string{"accel": {"apache", "nginx", "nginx@1"}},
		Arguments: map[string][]string{"config print server": {"apache", "nginx"}},
	}
	for _, tt := range []struct {
		line  string // the cursor is at its end
		want  string
		files Files
	}{
		{"", "serve config", NoFiles},
		{"s", "serve", NoFiles},
		{"in", "", NoFiles},
		{"serve ", "", Directories},
		{"serve x ", "", NoFiles},
		{"serve --", "--help --accel --index --key-file", NoFiles},
		{"serve --a", "--accel", NoFiles},
		{"serve --accel ", "apache nginx nginx@1", NoFiles},
		{"serve --accel n", "nginx nginx@1", NoFiles},
		{"serve --accel=n", "--accel=nginx --accel=nginx@1", NoFiles},
		{"serve --accel nginx ", "", Directories},
		{"serve --accel=nginx ", "", Directories},
		{"serve --index ", "", Directories}, // a flag without a value
		{"serve --key-file ", "", AnyFiles},
		{"serve --key-file=x", "", AnyFiles},
		{"serve --nothing=x", "", NoFiles},
		{"serve -- --a", "", Directories}, // no flag follows
		{"serve --accel -- --k", "--key-file", NoFiles},
		{"config ", "check apache nginx", NoFiles},
		{"config ng", "nginx", NoFiles},
		{"config check ", "", AnyFiles},
		{"config --", "--help --folder", NoFiles},
		{"config nginx --folder ", "", Directories},
		{"config nginx ", "", NoFiles},
		{"config print ", "apache nginx", NoFiles},
		{"unknown ", "", NoFiles},
	} {
		found, files := c.Complete(strings.Split(tt.line, " "))
		words := make([]string, len(found))
		for i := range found {
			words[i] = found[i].Word
		}
		if got := strings.Join(words, " "); got != tt.want || files != tt.files {
			t.Errorf("%q: %q %s, want %q %s", tt.line, got, files, tt.want, tt.files)
		}
	}
	if found, _ := c.Complete(nil); len(found) != 2 || found[0].Help != "Serve" {
		t.Errorf("no words: %q", found)
	}
	if _, err := Script("ksh"); err == nil || !strings.Contains(err.Error(), `"ksh" is not a known shell; want one of bash, zsh, fish`) {
		t.Error(err)
	}
	if !slices.Contains(Shells, "fish") {
		t.Error(Shells)
	}
}
