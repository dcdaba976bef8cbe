package main

import (
	"archive/zip"
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/downloadview/downloadview/examples/internal/chromium"
)

// The button "Download all" on the page of "downloadview serve --index --archive" saves
// the folder, by a click and by the keyboard.
func TestDownloadAllInChromium(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "downloadview")
	if out, err := exec.Command("go", "build", "-C", "../..", "-o", program, "./cmd/downloadview").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	files := filepath.Join(dir, "files")
	if err := os.MkdirAll(filepath.Join(files, "café", "sub"), 0o777); err != nil {
		t.Fatal(err)
	}
	content := strings.Repeat("some bytes\n", 100_000)
	if err := os.WriteFile(filepath.Join(files, "café", "sub", "a.txt"), []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "serve", "--listen=127.0.0.1:0", "--index", "--archive", files)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	log := bufio.NewReader(stderr)
	line, err := log.ReadString('\n')
	site, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		t.Fatalf("it said %q, %v", line, err)
	}
	go io.Copy(io.Discard, log)

	b := tab{chromium.Open(t)}
	button := chromedp.CSS(`button[name="archive"]`)
	if err := chromedp.Do(b.patient(t), chromedp.Navigate(site+"/caf%C3%A9/?sort=size")); err != nil {
		t.Fatal(err)
	}
	for how, press := range map[string]chromedp.Action[chromedp.Void]{"a click": chromedp.Click(button), "Enter": chromedp.SendKeys(button, "\r")} {
		name, saved := b.saveBy(t, press)
		if name != "café.zip" {
			t.Errorf("%s: saved as %q", how, name)
		}
		z, err := zip.NewReader(strings.NewReader(saved), int64(len(saved)))
		if err != nil {
			t.Fatalf("%s: %v", how, err)
		}
		got, err := z.Open("sub/a.txt")
		if err != nil {
			t.Fatalf("%s: %v", how, err)
		}
		if all, err := io.ReadAll(got); err != nil || string(all) != content {
			t.Errorf("%s: %d bytes, %v; want %d", how, len(all), err, len(content))
		}
	}
}
