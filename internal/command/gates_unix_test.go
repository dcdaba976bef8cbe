//go:build unix

package command

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// writeFile writes a file that only its owner can read.
func writeFile(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// signed returns a link that "downloadview sign" prints.
func signed(t *testing.T, keyFile string, args ...string) string {
	t.Helper()
	return strings.TrimSpace(run(t, append([]string{"sign", "--key-file", keyFile}, args...)...))
}

func (p *process) mustAnswer(t *testing.T, path string, status int) {
	t.Helper()
	resp, _, err := fetch(p.url, http.MethodGet, path)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != status {
		path, _, _ = strings.Cut(path, "?")
		t.Errorf("%s: %d, want %d", path, resp.StatusCode, status)
	}
}

func (p *process) hangUp(t *testing.T, awaited ...string) {
	t.Helper()
	p.signal(t, syscall.SIGHUP)
	for _, text := range awaited {
		p.mustAwait(t, text)
	}
}

// On SIGHUP a new key is valid at once, and a removed one is not any more. A wrong file
// changes nothing. A key file alone is a reason not to end at SIGHUP.
func TestHangupReadsKeys(t *testing.T) {
	file := filepath.Join(t.TempDir(), "links.keys")
	writeFile(t, file, firstKey)
	p := start(t, "--require-signature", "--key-file", file, "file://"+mediaWith(t, "a.txt")+"?metadata=skip")
	first := signed(t, file, "/a.txt")
	writeFile(t, file, secondKey)
	second := signed(t, file, "/a.txt")
	p.mustAnswer(t, first, http.StatusOK)
	p.mustAnswer(t, second, http.StatusForbidden)

	writeFile(t, file, firstKey+secondKey)
	p.hangUp(t, `msg="keys read again" key_file=`+file+" keys=2")
	p.mustAnswer(t, first, http.StatusOK)
	p.mustAnswer(t, second, http.StatusOK)

	writeFile(t, file, secondKey)
	p.hangUp(t, " keys=1")
	p.mustAnswer(t, first, http.StatusForbidden)
	p.mustAnswer(t, second, http.StatusOK)

	for text, why := range map[string]string{
		firstKey + secondKey + "k3 AAECAwQF\n": file + ":3: the key k3 has 6 bytes",
		"# no key\n":                           "there is no key in it",
	} {
		writeFile(t, file, text)
		p.hangUp(t, "the old keys stay in use")
		if log := p.log.String(); !strings.Contains(log, why) {
			t.Errorf("the log has no %q:\n%s", why, log)
		}
		p.mustAnswer(t, first, http.StatusForbidden)
		p.mustAnswer(t, second, http.StatusOK)
	}
	writeFile(t, file, strings.TrimSpace(secondKey)+" accept-until=2020-01-01T00:00:00Z\n")
	p.hangUp(t, `msg="no link is valid"`)
	p.mustAnswer(t, second, http.StatusForbidden)

	p.signal(t, syscall.SIGTERM)
	p.wait()
	for _, secret := range []string{firstKey[3:46], secondKey[3:46], "AAECAwQF", first[len(first)-22:], second[len(second)-22:]} {
		if strings.Contains(p.log.String(), secret) {
			t.Errorf("the log has a secret:\n%s", p.log.String())
		}
	}
}

// mediaWith returns a directory with the files.
func mediaWith(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		writeFile(t, filepath.Join(dir, name), name)
	}
	return dir
}

// On SIGHUP the configuration file also says anew which mounts require links. A mount
// whose storage is another one in the file keeps its gate.
func TestHangupChangesGates(t *testing.T) {
	dir, media := t.TempDir(), mediaWith(t, "a.txt")
	file, keys, partners := filepath.Join(dir, "dv.yaml"), filepath.Join(dir, "links.keys"), filepath.Join(dir, "partners.keys")
	writeFile(t, keys, firstKey)
	writeFile(t, partners, secondKey)
	write := func(mounts string) {
		t.Helper()
		writeFile(t, file, "storages: {media: "+media+", other: "+dir+"}\nmounts: {"+mounts+"}\n")
	}
	write("/open/: media, /closed/: {storage: media, require_signature: true, key_file: links.keys}")
	p := start(t, "--config="+file)
	link, partner := signed(t, keys, "/closed/a.txt"), signed(t, partners, "/closed/a.txt")
	p.mustAnswer(t, "/open/a.txt", http.StatusOK)
	p.mustAnswer(t, "/closed/a.txt", http.StatusForbidden)
	p.mustAnswer(t, link, http.StatusOK)

	write("/open/: {storage: media, require_signature: true, key_file: links.keys}, /closed/: {storage: media, require_signature: true, key_file: partners.keys}")
	p.hangUp(t, `"keys read again" key_file=partners.keys`, `"a signed link is needed from now on" mount=/open/`)
	p.mustAnswer(t, "/open/a.txt", http.StatusForbidden)
	p.mustAnswer(t, signed(t, keys, "/open/a.txt"), http.StatusOK)
	p.mustAnswer(t, link, http.StatusForbidden)
	p.mustAnswer(t, partner, http.StatusOK)

	// The file of the keys is wrong, or says nothing of the running storage.
	write("/open/: media, /closed/: {storage: media, require_signature: true, key_file: none.keys}")
	p.hangUp(t, "the old keys stay in use", `"no signed link is needed any more" mount=/open/`)
	p.mustAnswer(t, "/open/a.txt", http.StatusOK)
	p.mustAnswer(t, "/closed/a.txt", http.StatusForbidden)
	p.mustAnswer(t, partner, http.StatusOK)

	// A mount that was open has no old keys.
	write("/open/: {storage: media, require_signature: true, key_file: none.keys}, /closed/: {storage: media, require_signature: true, key_file: partners.keys}")
	p.hangUp(t, `level=ERROR msg="the mount still needs no signed link, because its key file is wrong" mount=/open/`)
	p.mustAnswer(t, "/open/a.txt", http.StatusOK)
	write("/open/: media, /closed/: other")
	p.hangUp(t, "only after a restart")
	write("/closed/: media")
	p.hangUp(t, "only after a restart")
	writeFile(t, file, "mounts: [")
	p.hangUp(t, "the configuration file is wrong")
	p.mustAnswer(t, "/closed/a.txt", http.StatusForbidden)

	write("/open/: media, /closed/: media")
	p.hangUp(t, `"no signed link is needed any more" mount=/closed/`)
	p.mustAnswer(t, "/closed/a.txt", http.StatusOK)
}
