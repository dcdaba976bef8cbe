package filetime

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestOf(t *testing.T) {
	name := filepath.Join(t.TempDir(), "x")
	began := time.Now()
	if err := os.WriteFile(name, []byte("content"), 0o600); err != nil {
		t.Fatal(err)
	}
	accessed, modified := time.Date(2020, 1, 2, 3, 4, 5, 600, time.UTC), time.Date(2021, 2, 3, 4, 5, 6, 700, time.UTC)
	if err := os.Chtimes(name, accessed, modified); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Of(f)
	if err != nil {
		t.Fatal(err)
	}
	if !near(got.Modified, modified) {
		t.Errorf("Modified = %v, want %v", got.Modified, modified)
	}
	if !got.Accessed.IsZero() && !near(got.Accessed, accessed) {
		t.Errorf("Accessed = %v, want %v", got.Accessed, accessed)
	}
	// The clock of file systems has a lower resolution than that of programs.
	if !got.Created.IsZero() && (got.Created.Before(began.Add(-time.Minute)) || got.Created.After(time.Now().Add(time.Minute))) {
		t.Errorf("Created = %v, want about %v", got.Created, began)
	}
	f.Close()
	if _, err := Of(f); !errors.Is(err, fs.ErrClosed) {
		t.Errorf("of a closed file: %v, want fs.ErrClosed", err)
	}
}

// near allows for Windows, which counts in hundreds of nanoseconds.
func near(a, b time.Time) bool { return a.Sub(b).Abs() < time.Microsecond }
