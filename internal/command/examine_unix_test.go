//go:build unix

package command

import (
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// Before the doctor has asked anything, a signal ends it at once, also while it waits for
// a file.
func TestDoctorEndsWhileItReadsItsFile(t *testing.T) {
	pipe := makePipe(t)
	cmd := exec.Command("downloadview", "doctor", "--config="+pipe, "http://127.0.0.1:1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(pipe, os.O_WRONLY, 0) // waits until the doctor reads it
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	defer time.AfterFunc(time.Minute, func() { f.Close() }).Stop() // else a doctor that goes on would wait for ever
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if state := cmd.ProcessState.Sys().(syscall.WaitStatus); state.Signal() != syscall.SIGTERM {
		t.Errorf("it ended with %v, want %v", cmd.ProcessState, syscall.SIGTERM)
	}
}

// Whatever ends the doctor, it removes its files. If nohup started it, it goes on when the
// terminal is closed.
func TestDoctorRemovesItsFilesWhenItIsEnded(t *testing.T) {
	for name, tt := range map[string]struct {
		program string
		sig     syscall.Signal
		goesOn  bool
	}{
		"SIGINT":          {"exec", syscall.SIGINT, false},
		"SIGTERM":         {"exec", syscall.SIGTERM, false},
		"SIGHUP":          {"exec", syscall.SIGHUP, false},
		"SIGHUP, ignored": {"trap '' HUP; exec", syscall.SIGHUP, true},
	} {
		t.Run(name, func(t *testing.T) {
			asked, answer := make(chan bool, 1000), make(chan bool)
			site := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				asked <- true
				select {
				case <-answer:
				case <-r.Context().Done():
				}
			}))
			defer site.Close()
			media := t.TempDir()
			cmd := exec.Command("sh", "-c", tt.program+` downloadview doctor "$@"`, "sh", site.URL, media)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer cmd.Process.Kill()
			<-asked
			if made, err := os.ReadDir(media); len(made) != 1 || err != nil {
				t.Fatalf("%v, %v; want the doctor's folder", made, err)
			}
			if err := cmd.Process.Signal(tt.sig); err != nil {
				t.Fatal(err)
			}
			if tt.goesOn {
				close(answer)
				defer func() {
					if len(asked) == 0 {
						t.Error("it asked nothing more")
					}
				}()
			}
			cmd.Wait()
			if left, err := os.ReadDir(media); len(left) != 0 || err != nil {
				t.Errorf("%v, %v: %v is left", cmd.ProcessState, err, left)
			}
		})
	}
}

// Nothing is left of the doctor's files in a bucket of local files, also not their folder.
func TestDoctorLeavesNoFolderInALocalBucket(t *testing.T) {
	for _, parameters := range []string{"", "&prefix=2026/"} {
		media := t.TempDir()
		if err := os.Mkdir(filepath.Join(media, "2026"), 0o755); err != nil {
			t.Fatal(err)
		}
		bucket := "file://" + media + "?no_tmp_dir=true" + parameters
		p := start(t, bucket)
		run(t, "doctor", p.url, bucket)
		for _, dir := range []string{media, filepath.Join(media, "2026")} {
			left, err := filepath.Glob(filepath.Join(dir, ".downloadview-doctor-*"))
			if err != nil || len(left) > 0 {
				t.Errorf("%s: %q are left, %v", bucket, left, err)
			}
		}
	}
}
