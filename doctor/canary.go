package doctor

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/proxies/room"
)

// A canary is a file that the doctor stores and requests. Its content is random, so
// that no cache has it.
type canary struct {
	key     string
	content string
	known   bool // whether content is known
}

// Names of canary files.
const (
	plainName   = "plain.txt"
	pageName    = "page.html" // of a type that servers compress
	linkName    = "link.txt"  // a symbolic link
	missingName = "missing.txt"
	lateName    = "late.txt" // stored late, and missing before
	decodedName = "percentA.txt"
	encodedName = "space%20in%20a%20name.txt"
)

// hostile are names that don't arrive if any part of the set-up decodes, encodes or
// cuts them wrongly.
var hostile = []string{
	"space in a name.txt", "percent%41.txt", "lone%.txt", "question?.txt", "hash#.txt", "plus+.txt",
	"semicolon;.txt", `quote".txt`, `back\slash.txt`, "..dots.txt", "é你.txt", "not-utf8-\xff.txt",
	"new\nline.txt", "space-at-the-end ",
}

// isOdd tells whether a server may refuse name: browsers don't send such names.
func isOdd(name string) bool {
	return !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl)
}

// decoys are files that are sent in place of a hostile name, and the mistakes that
// they prove.
var decoys = map[string]struct {
	decoy string
	made  room.Mistake
}{
	"percent%41.txt":      {decodedName, room.DecodedTwice},
	"space in a name.txt": {encodedName, room.NeverDecoded},
}

// longName makes a long header that is still allowed: 1.3 KiB of location and
// 0.8 KiB of Content-Disposition.
func longName() string {
	return strings.Repeat("é", 100) + "/" + strings.Repeat("é", 100) + ".txt"
}

func random() string { return strings.ToLower(rand.Text()) }

// put makes a canary file called name in the folder of this exam.
func (e *exam) put(ctx context.Context, name string) (canary, error) {
	return e.putKey(ctx, e.folder+name)
}

func (e *exam) putKey(ctx context.Context, key string) (canary, error) {
	line := fmt.Sprintf("<p>A canary of downloadview doctor, %s %s\n", random(), random())
	c := canary{key: key, content: strings.Repeat(line, 20), known: true}
	e.rememberFolders(path.Dir(key))
	err := downloadview.Save(ctx, e.Storage, key, strings.NewReader(c.content))
	if errors.Is(err, fs.ErrInvalid) || errors.Is(err, errors.ErrUnsupported) {
		return canary{}, err
	}
	// After any other error the file may exist all the same.
	e.made[key] = c
	return c, err
}

// rememberFolders notes the folders above a new file that a local storage will create.
func (e *exam) rememberFolders(dir string) {
	var missing []string
	for ; dir != "." && dir != "/"; dir = path.Dir(dir) {
		local, err := downloadview.Path(e.Storage, dir)
		if err != nil {
			return
		}
		if _, err := os.Lstat(local); err == nil {
			break
		}
		missing = append(missing, local)
	}
	for i := len(missing) - 1; i >= 0; i-- {
		e.folders = append(e.folders, missing[i])
	}
}

// delete removes a canary file before the end.
func (e *exam) delete(ctx context.Context, key string) error {
	err := downloadview.Delete(ctx, e.Storage, key)
	if err == nil || errors.Is(err, fs.ErrNotExist) {
		delete(e.made, key)
		return nil
	}
	return err
}

// remove removes the canary files and their folders, once, also if ctx has ended.
func (e *exam) remove(ctx context.Context) {
	if e.removed {
		return
	}
	e.removed = true
	if len(e.made) == 0 && len(e.folders) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	e.step = StorageStep
	var left []string
	var cause error
	for _, key := range e.keys() {
		if err := e.delete(ctx, key); err != nil {
			left, cause = append(left, key), err
		}
	}
	for i := len(e.folders) - 1; i >= 0; i-- {
		os.Remove(e.folders[i]) // only where it is empty
	}
	if cause != nil {
		e.failed("storage-remove", finding{
			cause:  "the storage doesn't delete the doctor's files: " + cause.Error(),
			change: "remove the files below " + e.folder + " by hand, and give the doctor the right to delete there",
		}, "%d canary files are left, such as %q", len(left), left[0])
		return
	}
	if e.resultOf("storage-path") == Failed {
		e.ok("storage-remove", "only the empty folder %s is left, in the directory that the storage has open", e.folder)
		return
	}
	e.ok("storage-remove", "nothing is left")
}

// youth is the time in which a new file has no entity tag, if its modification time
// is in whole seconds. Such a file may be streamed although a rule covers it.
const youth = 2 * time.Second

// age makes the canary files older than youth, or waits until they are.
func (e *exam) age(ctx context.Context) {
	then := e.began.Add(-time.Hour)
	for key := range e.made {
		if local, err := downloadview.Path(e.Storage, key); err == nil {
			os.Chtimes(local, then, then) // if this fails, age waits
		}
	}
	f, err := e.Storage.File(e.folder + plainName)
	if err != nil {
		return
	}
	fi, err := downloadview.Stat(ctx, f)
	if err != nil || fi.ModTime().Nanosecond() != 0 || time.Since(fi.ModTime()) > youth {
		return
	}
	timer := time.NewTimer(youth + youth/10)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
