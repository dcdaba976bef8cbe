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

// longestSkew is the maximum difference of clocks.
const longestSkew = 30 * time.Second

// checkStorage stores the canary files and reads them back. If there is then no file
// to request, the key of plain is empty.
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
		return // the proxy would have other files
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
		return finding{"this storage can't save and delete files", "give the doctor the key of an existing file: it then checks without writing (--key)"}
	case errors.Is(err, syscall.EROFS):
		return finding{"the file system is mounted read-only here", "give the doctor the key of an existing file: it then checks without writing (--key)"}
	case errors.Is(err, syscall.ENOSPC):
		return finding{"the file system is full", "make room for the canary files"}
	case errors.Is(err, fs.ErrPermission):
		return finding{"the user that runs the doctor has no right to write here", "run it as a user with that right, or give it the key of an existing file (--key)"}
	}
	return finding{"the storage can't be reached, or is full", "correct its address and credentials, or make room"}
}

// checkKey reads the file of Setup.Key.
func (e *exam) checkKey(ctx context.Context) {
	e.end("with a key, nothing is written")
	e.plain = canary{key: e.Key}
	if e.Storage == nil {
		e.skip("storage-read", "no storage is given")
		return
	}
	content, err := e.read(ctx, e.Key)
	if err != nil {
		e.failed("storage-read", finding{"the file can't be read from the storage", "correct the key, or the storage's address, credentials and permissions"}, "%q: %v", e.Key, err)
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
	f := finding{"the storage doesn't return the bytes that were stored", "correct the permissions on the storage, or stop other programs that write there"}
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
		e.skip("storage-clock", "the storage has no modification times")
		return
	}
	e.checkClock("storage-clock", "storage", fi.ModTime())
}

// checkClock compares now, by the clock of whose, with this machine's clock.
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
		cause:  fmt.Sprintf("the clocks of the %s and of this machine differ, so one of them is wrong: signed URLs may be not yet valid or expired, and files may have times in the future", whose),
		change: "synchronise both clocks (timedatectl set-ntp true)",
	}, "%v %s", skew.Abs(), way)
}

func (e *exam) checkMissing(ctx context.Context) {
	if _, err := e.read(ctx, e.folder+missingName); !errors.Is(err, fs.ErrNotExist) {
		e.failed("storage-missing", finding{
			"the storage doesn't report a missing file as missing: a bucket does so only if the credentials may list it",
			"allow listing (s3:ListBucket); without it, missing files are answered 403",
		}, "error %v, want one that is fs.ErrNotExist", err)
		return
	}
	e.ok("storage-missing", "")
}
