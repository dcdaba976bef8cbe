package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/wrapper"
)

// longestSkew is how far clocks may be apart.
const longestSkew = 30 * time.Second

// checkStorage puts the canary files and reads them back. Without a file to ask
// for afterwards, plain has no key.
func (e *exam) checkStorage(ctx context.Context) {
	e.step = StorageStep
	if e.Key != "" {
		e.checkKey(ctx)
		return
	}
	c, err := e.putFirst(ctx)
	if err != nil {
		e.failed("storage-save", savingFails(err), "%v", err)
		return
	}
	e.ok("storage-save", "%s", c.key)
	e.checkModTime(ctx, c.key)
	e.checkRead(ctx, c)
	if !e.checkPath(c.key, c.content) {
		return // and then the proxy has other files
	}

	var refused []string
	for _, name := range append(hostile, pageName, decodedName, encodedName, longName()) {
		if _, err := e.put(ctx, name); err != nil {
			refused = append(refused, name)
		}
	}
	e.age(ctx)
	switch n := len(refused); n {
	case 0:
		e.ok("storage-names", "any name can be stored")
	default:
		e.ok("storage-names", "not stored: %q", refused)
	}
	e.checkMissing(ctx)
	e.plain = c
}

func (e *exam) putFirst(ctx context.Context) (canary, error) {
	if _, ok := e.Storage.(downloadview.Deleter); !ok {
		return canary{}, fmt.Errorf("%T can't delete: %w", e.Storage, errors.ErrUnsupported)
	}
	return e.put(ctx, plainName)
}

func savingFails(err error) finding {
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return finding{"files can't be put into this storage", "name a file that is there, by its key, to be checked without writing"}
	case errors.Is(err, syscall.EROFS):
		return finding{"the file system is mounted read-only here", "name a file that is there, by its key, to be checked without writing (--key)"}
	case errors.Is(err, syscall.ENOSPC):
		return finding{"the file system is full", "make room: nothing can be stored, nor checked by canary files"}
	case errors.Is(err, fs.ErrPermission):
		return finding{"who runs the doctor may not write here", "run it as somebody who may, or name a file that is there by its key"}
	}
	return finding{"the storage is not reached, or full", "its address and credentials"}
}

// checkKey reads the file that is looked at.
func (e *exam) checkKey(ctx context.Context) {
	e.end("nothing is to be written")
	e.plain = canary{key: e.Key}
	if e.Storage == nil {
		e.skip("storage-read", "no storage is given")
		return
	}
	content, err := e.read(ctx, e.Key)
	if err != nil {
		e.failed("storage-read", finding{"the storage doesn't give the file", "the key, or the storage's address, credentials and permissions"}, "%q: %v", e.Key, err)
		e.plain.key = ""
		return
	}
	e.plain.content, e.plain.known = content, true
	e.ok("storage-read", "%q", e.Key)
	if !e.checkPath(e.Key, content) {
		e.plain.key = ""
	}
}

func (e *exam) checkRead(ctx context.Context, c canary) {
	content, err := e.read(ctx, c.key)
	f := finding{"the storage doesn't give back what was put into it", "the permissions on the storage, or whatever else writes there"}
	switch {
	case err != nil:
		e.failed("storage-read", f, "%v", err)
	case content != c.content:
		e.failed("storage-read", f, "%d bytes that are not those of the canary file", len(content))
	default:
		e.ok("storage-read", "%d bytes", len(content))
	}
}

func (e *exam) read(ctx context.Context, key string) (content string, err error) {
	f, err := e.Storage.File(key)
	if err != nil {
		return "", err
	}
	if wrapper.IsNothing(f) {
		return "", fmt.Errorf("%T returned neither a file nor an error", e.Storage)
	}
	h, err := wrapper.Open(ctx, f)
	if err != nil {
		return "", err
	}
	defer h.Close()
	b, err := io.ReadAll(io.LimitReader(h, longestBody))
	return string(b), err
}

func (e *exam) checkModTime(ctx context.Context, key string) {
	f, err := e.Storage.File(key)
	var fi fs.FileInfo
	if err == nil {
		fi, err = downloadview.Stat(ctx, f)
	}
	if err != nil || fi.ModTime().IsZero() {
		e.skip("storage-clock", "the storage tells no time")
		return
	}
	e.checkClock("storage-clock", "storage", fi.ModTime())
}

// checkClock compares what somebody takes for now.
func (e *exam) checkClock(name, whose string, now time.Time) {
	skew := time.Until(now).Round(time.Second)
	if skew.Abs() <= longestSkew {
		e.ok(name, "within %v", longestSkew)
		return
	}
	for other, as := range e.skews {
		if (skew - as).Abs() <= longestSkew {
			e.skip(name, other+" failed, by as much")
			return
		}
	}
	e.skews[name] = skew
	way := "ahead"
	if skew < 0 {
		way = "behind"
	}
	e.failed(name, finding{
		cause:  fmt.Sprintf("the clock of the %s and the one of this machine differ, and one of them is wrong: signed URLs are not good yet or no more, and files are from the future", whose),
		change: "have both synchronise their clocks (timedatectl set-ntp true)",
	}, "%v %s", skew.Abs(), way)
}

func (e *exam) checkMissing(ctx context.Context) {
	if _, err := e.read(ctx, e.folder+missingName); !errors.Is(err, fs.ErrNotExist) {
		e.failed("storage-missing", finding{
			"the storage doesn't say that a missing file is missing: a bucket does so only to who may list it",
			"allow listing (s3:ListBucket), else what is missing is answered 403",
		}, "error %v, want one that is fs.ErrNotExist", err)
		return
	}
	e.ok("storage-missing", "")
}
