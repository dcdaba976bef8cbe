package command

import (
	"bytes"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/doctor"
	"github.com/downloadview/downloadview/storage/disk"
)

// The doctor trusts the self-signed certificate of --ca-file, and names that flag if the
// certificate is not trusted.
func TestCAFile(t *testing.T) {
	dir := t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	site := httptest.NewUnstartedServer(doctor.Witness(downloadview.NewHandler(downloadview.StorageView{
		Storage: disk.New(root, nil),
		Key:     func(r *http.Request) (string, error) { return strings.TrimPrefix(r.URL.Path, "/"), nil },
	}, nil)))
	site.StartTLS()
	defer site.Close()
	folder := t.TempDir()
	trusted, other, key := filepath.Join(folder, "ca.pem"), filepath.Join(folder, "none.pem"), filepath.Join(folder, "missing.pem")
	for name, text := range map[string][]byte{
		trusted: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: site.Certificate().Raw}),
		other:   []byte("no certificate"),
	} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		args   []string
		status int
		want   string
	}{
		{nil, exitFailure, "--ca-file FILE"},
		{[]string{"--ca-file", trusted}, exitOK, "ok              proxy-file"},
		{[]string{"--ca-file", other}, exitUsage, "has no certificate"},
		{[]string{"--ca-file", key}, exitFailure, "no such file"},
	} {
		var out bytes.Buffer
		args := append([]string{"doctor", site.URL, dir}, test.args...)
		if status := Run(t.Context(), args, &out, &out, nil); status != test.status || !strings.Contains(out.String(), test.want) {
			t.Errorf("%q: status %d, want %d and %q in\n%s", test.args, status, test.status, test.want, out.String())
		}
	}
}

// --app accepts the address of a socket as serve prints it.
func TestDoctorAsksASocket(t *testing.T) {
	media := t.TempDir()
	socket := filepath.Join(t.TempDir(), "s")
	p := start(t, "--listen=unix:"+socket, media)
	site := start(t, media)
	var out bytes.Buffer
	if status := Run(t.Context(), []string{"doctor", site.url, "--app", p.url, media}, &out, &out, nil); status != exitOK || !strings.Contains(out.String(), "ok              app-names") {
		t.Errorf("status %d\n%s", status, out.String())
	}
}
