package middleware

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// A DigestFile is a [DigestLog] in a local file, so that digests survive a restart. It
// keeps one version of each file, the latest, in memory too: about 300 bytes each.
// [OpenDigestFile] opens one; several goroutines may use it, but only one process. Another
// one may open it before the former one ends, as when a server is started again.
type DigestFile struct {
	mu    sync.Mutex
	file  *os.File
	known map[string]keptDigest // by FileVersion.File
}

type keptDigest struct {
	version string
	sum     [sha256.Size]byte
}

// A digestLine is a line of the file, in JSON.
type digestLine struct {
	File    string `json:"file"`
	Version string `json:"version"`
	SHA256  string `json:"sha256"`
}

// OpenDigestFile opens the file called name, and creates it if it is missing. A line that
// was cut off by a crash is removed; any other line that is wrong is an error, so that
// nothing is appended to a file of another kind. The caller closes it.
func OpenDigestFile(name string) (*DigestFile, error) {
	f, err := openToAppend(name)
	if err != nil {
		return nil, err
	}
	d := &DigestFile{file: f, known: make(map[string]keptDigest)}
	lines, err := d.read(name)
	if err != nil {
		d.file.Close()
		return nil, err
	}
	if lines > 2*len(d.known)+1000 {
		_ = d.rewrite(name) // if it fails, as on a full disk, the file is only larger
	}
	return d, nil
}

// openToAppend opens the file such that two processes don't write over each other's lines,
// as while a server is started again.
func openToAppend(name string) (*os.File, error) {
	return os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
}

// read reads the lines, and removes what follows the last whole one.
func (d *DigestFile) read(name string) (lines int, err error) {
	r := bufio.NewReader(d.file)
	var end int64
	for {
		text, err := r.ReadBytes('\n')
		if err == io.EOF {
			if len(text) == 0 {
				return lines, nil
			}
			if lines == 0 && !beginsLine(text) { // the file may be another program's
				return lines, fmt.Errorf("digests in %q: line 1 %w", name, errNotDigests)
			}
			break // text is what a crash has left
		}
		if err != nil {
			return lines, err
		}
		lines++
		end += int64(len(text))
		if err := d.parse(text); err != nil {
			return lines, fmt.Errorf("digests in %q: line %d %w", name, lines, err)
		}
	}
	return lines, d.file.Truncate(end)
}

var errNotDigests = errors.New(`is not a line of digests; want one such as {"file":"file:///srv/a","version":"…","sha256":"…"}`)

// beginsLine reports whether text may be the beginning of a line.
func beginsLine(text []byte) bool {
	const begin = `{"file":"`
	n := min(len(text), len(begin))
	return string(text[:n]) == begin[:n]
}

func (d *DigestFile) parse(text []byte) error {
	var line digestLine
	if err := json.Unmarshal(text, &line); err != nil {
		return fmt.Errorf("is not a line of digests: %w", err)
	}
	sum, err := hex.DecodeString(line.SHA256)
	if err != nil || len(sum) != sha256.Size || line.File == "" || line.Version == "" {
		return errNotDigests
	}
	d.known[line.File] = keptDigest{line.Version, [sha256.Size]byte(sum)}
	return nil
}

// rewrite replaces the file by one without old versions. If it fails, the file stays.
func (d *DigestFile) rewrite(name string) error {
	next, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*.tmp")
	if err != nil {
		return err
	}
	w := bufio.NewWriter(next)
	for file, kept := range d.known {
		w.Write(lineOf(FileVersion{file, kept.version}, kept.sum)) // Flush returns its error
	}
	err = errors.Join(w.Flush(), next.Sync(), next.Close())
	var f *os.File
	if err == nil {
		f, err = openToAppend(next.Name())
	}
	if err == nil {
		err = os.Rename(next.Name(), name)
	}
	if err != nil {
		if f != nil {
			f.Close()
		}
		os.Remove(next.Name())
		return err
	}
	d.file.Close()
	d.file = f
	return nil
}

func lineOf(v FileVersion, sum [sha256.Size]byte) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.Encode(digestLine{v.File, v.Version, hex.EncodeToString(sum[:])}) // a Buffer takes everything
	return b.Bytes()
}

// Digest returns the digest of a version.
func (d *DigestFile) Digest(_ context.Context, v FileVersion) (sum [sha256.Size]byte, ok bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	kept, ok := d.known[v.File]
	if !ok || kept.version != v.Version {
		return sum, false, nil
	}
	return kept.sum, true, nil
}

// Record appends a line. After an error the digest is known until the file is closed, but
// not afterwards.
func (d *DigestFile) Record(_ context.Context, v FileVersion, sum [sha256.Size]byte) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	kept := keptDigest{v.Version, sum}
	if d.known[v.File] == kept {
		return nil
	}
	d.known[v.File] = kept
	line := lineOf(v, sum)
	n, err := d.file.Write(line)
	if err != nil && n > 0 { // or the next line would be part of this one
		if end, seekErr := d.file.Seek(int64(-n), io.SeekCurrent); seekErr == nil {
			err = errors.Join(err, d.file.Truncate(end))
		}
	}
	return err
}

// Close closes the file.
func (d *DigestFile) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return errors.Join(d.file.Sync(), d.file.Close())
}

var _ DigestLog = (*DigestFile)(nil)
