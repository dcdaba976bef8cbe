package command_test

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"testing"

	"github.com/downloadview/downloadview/internal/command"
)

// The flags that docs/troubleshooting.md names exist.
func TestTroubleshootingNamesFlags(t *testing.T) {
	page, err := os.ReadFile("../../docs/troubleshooting.md")
	if err != nil {
		t.Fatal(err)
	}
	var help bytes.Buffer
	if status := command.Run(context.Background(), []string{"serve", "--help"}, &help, &help, nil); status != 0 {
		t.Fatal(status, help.String())
	}
	flags := regexp.MustCompile("`--([a-z-]+)").FindAllStringSubmatch(string(page), -1)
	if len(flags) < 10 {
		t.Fatalf("%d flags found", len(flags))
	}
	for _, flag := range flags {
		if !regexp.MustCompile(`--` + flag[1] + `[= ]`).MatchString(help.String()) {
			t.Errorf("there is no flag --%s", flag[1])
		}
	}
}
