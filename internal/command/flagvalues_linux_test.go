package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Names of files are bytes: those in arguments and in flags stay as they are.
func TestArgumentsAreBytes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "m\xe9dia")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "\xe9t\xe9.txt"), "text")
	writeFile(t, filepath.Join(dir, "\xe9.keys"), firstKey)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"explain", "--accel=nginx", "--rule", dir + "=/_media/", dir, "\xe9t\xe9.txt"}, "X-Accel-Redirect: /_media/%E9t%E9.txt\n"},
		{[]string{"key", "check", filepath.Join(dir, "\xe9.keys")}, "k1 signs\n"},
		{[]string{"sign", "--key-file", filepath.Join(dir, "\xe9.keys"), "/a"}, "/a?dv=1.k1."},
	} {
		var stdout, stderr bytes.Buffer
		if status := Run(t.Context(), tt.args, &stdout, &stderr, openLocal); status != exitOK || !strings.Contains(stdout.String(), tt.want) {
			t.Errorf("%q: exit %d, %s%s; want %q", tt.args, status, &stdout, &stderr, tt.want)
		}
	}
}
