package command

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/internal/testserver"
)

// JSON may be shown in terminals: names in it are escaped so that they can't control
// one, and are decoded to the same names.
func TestJSONSteersNoTerminal(t *testing.T) {
	const name = "a\u202etxt.exe\u009b2J"
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
		testserver.Lacking(t, "needs a file system with such names: %v", err)
	}
	var stdout, stderr bytes.Buffer
	if status := Run(t.Context(), []string{"explain", "--json", dir, name}, &stdout, &stderr, nil); status != exitOK {
		t.Fatalf("status %d, stderr %q", status, stderr.String())
	}
	if strings.ContainsAny(stdout.String(), "\u202e\u009b") {
		t.Errorf("stdout %q, want escapes", stdout.String())
	}
	var x doctor.Explanation
	if err := json.Unmarshal(stdout.Bytes(), &x); err != nil || x.Key != name {
		t.Errorf("key %q, %v; want %q", x.Key, err, name)
	}
}
