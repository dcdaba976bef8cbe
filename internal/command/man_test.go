package command

import (
	"bytes"
	"context"
	"os/exec"
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/downloadview/downloadview/internal/testserver"
)

// The manual page has each command and each flag, and groff finds nothing wrong in it.
func TestManual(t *testing.T) {
	groff := testserver.Binary(t, "groff", "DOWNLOADVIEW_GROFF")
	var roff bytes.Buffer
	if status := Run(context.Background(), []string{"man"}, &roff, &roff, nil); status != 0 {
		t.Fatal(status, roff.String())
	}
	cmd := exec.Command(groff, "-man", "-ww", "-Tascii", "-P-cbou", "-rLL=400n")
	cmd.Stdin = &roff
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil || said.Len() > 0 {
		t.Fatalf("%v\n%s", err, &said)
	}
	page := strings.Join(strings.Fields(string(out)), " ")
	model := kong.Must(new(commands), kong.Name("downloadview"), words()).Model
	flags := 0
	for _, command := range model.Leaves(true) {
		for _, flag := range command.Flags {
			if flag.Hidden || flag.Name == "version" {
				continue
			}
			flags++
			name := "--" + flag.Name
			if !flag.IsBool() {
				name += "=" + flag.FormatPlaceHolder()
			}
			if !strings.Contains(page, name+" "+strings.Join(strings.Fields(flag.Help), " ")) {
				t.Errorf("%s --%s is not on the page with its help", command.Path(), flag.Name)
			}
		}
	}
	if flags < 60 {
		t.Errorf("%d flags found", flags)
	}
	for _, want := range []string{
		"NAME downloadview - Serve downloads from a directory or a bucket SYNOPSIS",
		"serve [<storage>] [flags] Serve every file",
		"config check <file>", "key new [<file>]", "completion <shell>",
		`downloadview serve --listen "unix:/run/media.sock?group=www-data" \`,
		"EXIT STATUS 0: success",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page doesn't have %q", want)
		}
	}
	if strings.Contains(page, "complete-words") {
		t.Error("a hidden command is on the page")
	}
}
