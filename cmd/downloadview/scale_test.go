package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/downloadview/downloadview/internal/command"
	"github.com/downloadview/downloadview/internal/testserver"
)

// The file and the commands of docs/scale.md make a tier that the doctor finds right. If
// a cache node is killed, the doctor says what the page shows.
func TestCheckOfScale(t *testing.T) {
	page := readScale(t)
	m := newMachines(t)
	t.Chdir(t.TempDir())
	if err := os.WriteFile("downloadview.yaml", []byte(m.here.Replace(page.file)), 0o600); err != nil {
		t.Fatal(err)
	}
	nodes := make([]*testserver.Process, len(m.nodes))
	for _, line := range page.commands {
		args := strings.Fields(m.here.Replace(line))
		switch {
		case args[0] == "serve":
			for _, addr := range m.apps {
				args[len(args)-1] = addr
				serve(t, args[1:]...)
			}
		case args[0] == "config" && strings.Contains(line, "--tier cache"):
			for i, addr := range m.nodes {
				args[len(args)-1] = addr
				nodes[i] = startPrinted(t, addr, args)
			}
		case args[0] == "config":
			startPrinted(t, m.edge, args)
		}
	}
	doctor := strings.Fields(m.here.Replace(page.doctor))
	for i, want := range []int{0, 1} {
		if want == 1 {
			nodes[1].Kill()
		}
		report, status := runCommand(t, doctor...)
		if said := m.there.Replace(report); status != want || !strings.Contains(said, page.reports[i]) {
			t.Errorf("exit status %d, want %d:\n%s\nwant in it:\n%s", status, want, said, page.reports[i])
		}
	}
}

// machines are those of docs/scale.md, on this one.
type machines struct {
	edge        string
	nodes, apps []string
	here, there *strings.Replacer // to the addresses here, and back to those of the page
}

func newMachines(t *testing.T) *machines {
	t.Helper()
	s := startS3(t).s3
	m := &machines{}
	var here, there []string
	free := func(addr string) string {
		found := fmt.Sprintf("127.0.0.1:%d", testserver.FreePort(t))
		here, there = append(here, addr, found), append(there, found, addr)
		return found
	}
	for i := 11; i <= 13; i++ {
		m.nodes = append(m.nodes, free(fmt.Sprintf("10.0.0.%d:8081", i)))
	}
	m.apps = []string{free("10.0.0.21:8080"), free("10.0.0.22:8080")}
	m.edge = free("files.example.com")
	bucket := "s3://" + s.Bucket
	m.here = strings.NewReplacer(append(here, "listen: :80", "listen: "+m.edge, "10.0.0.2]", "127.0.0.1]",
		"films: s3://films", fmt.Sprintf("films: %q", bucket+"?region="+s.Region+"&use_path_style=true&endpoint="+s.Endpoint), "s3://films", bucket)...)
	m.there = strings.NewReplacer(there...)
	return m
}

// scale is what the test needs of docs/scale.md.
type scale struct {
	file     string
	commands []string // that start servers
	doctor   string   // the command
	reports  []string // parts of them: of a tier that is right, and with a node down
}

func readScale(t *testing.T) scale {
	t.Helper()
	text, err := os.ReadFile("../../docs/scale.md")
	if err != nil {
		t.Fatal(err)
	}
	var s scale
	for _, block := range regexp.MustCompile("(?ms)^( *)```[a-z]*\n(.*?)^ *```$").FindAllStringSubmatch(string(text), -1) {
		content := strings.ReplaceAll("\n"+block[2], "\n"+block[1], "\n")[1:]
		switch {
		case strings.HasPrefix(content, "storages:"):
			s.file = content
		case strings.Contains(content, " tier-nodes: "):
			s.reports = append(s.reports, content)
		}
		for line := range strings.Lines(content) {
			line, _, _ = strings.Cut(line, "#")
			line, _, _ = strings.Cut(line, ">")
			switch args, ok := strings.CutPrefix(strings.TrimSpace(line), "downloadview "); {
			case ok && strings.HasPrefix(args, "doctor "):
				s.doctor = args
			case ok:
				s.commands = append(s.commands, args)
			}
		}
	}
	if s.file == "" || len(s.commands) != 3 || s.doctor == "" || len(s.reports) != 2 {
		t.Fatalf("docs/scale.md has %q, want a file, three commands for servers, one of the doctor and two reports", s)
	}
	return s
}

// startPrinted runs nginx by a configuration that a command prints.
func startPrinted(t *testing.T, addr string, args []string) *testserver.Process {
	t.Helper()
	folder := t.TempDir()
	conf, _ := runCommand(t, append(args, "--folder", folder)...)
	if err := os.WriteFile(filepath.Join(folder, "nginx.conf"), []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := []string{"-p", folder + "/", "-c", "nginx.conf", "-e", "stderr"}
	if !strings.Contains(conf, "master_process") {
		flags = append(flags, "-g", "master_process off;") // workers would survive
	}
	return testserver.Start(t, addr, exec.Command(testserver.Binary(t, "nginx", "DOWNLOADVIEW_NGINX"), flags...))
}

// runCommand returns what the command prints. Only the doctor may fail.
func runCommand(t *testing.T, args ...string) (stdout string, status int) {
	t.Helper()
	var out, said bytes.Buffer
	status = command.Run(t.Context(), args, &out, &said, open)
	if status > 1 || status == 1 && args[0] != "doctor" {
		t.Fatalf("%q: exit status %d, %s", args, status, &said)
	}
	return out.String(), status
}
