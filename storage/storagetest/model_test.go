package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/downloadview/downloadview"
)

// model is a storage in memory that implements all optional interfaces. It has the
// bug with this name; "" means no bug.
type model struct {
	asked    int
	bug      string
	mu       sync.Mutex // guards the fields below, and state of bugs in files and handles
	objects  map[string]object
	versions int
	missing  bool // used by one bug
}

type object struct {
	content []byte
	version int
	modTime time.Time
}

func newModel(bug string) *model { return &model{bug: bug, objects: map[string]object{}} }

func (m *model) fixture() Fixture {
	return Fixture{Storage: m, Put: m.put, SetModTime: m.setModTime, Fetch: m.fetch}
}

func (m *model) setModTime(key string, at time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	o := m.objects[key]
	o.modTime = at
	m.objects[key] = o
	return nil
}

func (m *model) put(key string, content []byte) error {
	if strings.Contains(key, "*") {
		return fmt.Errorf("%q: %w", key, errors.ErrUnsupported)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bug != "the tag stays" {
		m.versions++
	}
	m.objects[m.alias(key)] = object{content: content, version: m.versions}
	return nil
}

// alias returns the key that a storage with a bug in its keys uses for key.
func (m *model) alias(key string) string {
	switch m.bug {
	case "keys are cleaned":
		return strings.TrimPrefix(path.Clean(key), "/")
	case "keys are unescaped":
		if k, err := url.PathUnescape(key); err == nil {
			return k
		}
	case "keys are trimmed":
		return strings.TrimSpace(key)
	case "backslashes are slashes":
		return strings.ReplaceAll(key, `\`, "/")
	}
	return key
}

func (m *model) File(key string) (downloadview.File, error) {
	switch {
	case !fs.ValidPath(key) && m.bug == "invalid keys have an error of their own":
		return nil, errors.New("bad key")
	case !fs.ValidPath(key) && !strings.HasPrefix(m.bug, "keys are"):
		return nil, &fs.PathError{Op: "open", Path: key, Err: fs.ErrInvalid}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f := &modelFile{m: m, key: key, early: m.objects[key]}
	if m.bug == "File looks" && f.early.version == 0 {
		return nil, &fs.PathError{Op: "open", Path: key, Err: fs.ErrNotExist}
	}
	if m.bug == "no file, no error" {
		return nil, nil
	}
	return f, nil
}

type modelFile struct {
	m      *model
	key    string
	early  object
	shared *modelHandle
}

func (f *modelFile) Name() string {
	if f.m.bug == "the name is the base" {
		return path.Base(f.key)
	}
	return f.key
}

func (f *modelFile) look(ctx context.Context) (object, error) {
	if err := ctx.Err(); err != nil && f.m.bug != "contexts are ignored" {
		return object{}, err
	}
	f.m.mu.Lock()
	defer f.m.mu.Unlock()
	o, ok := f.m.objects[f.m.alias(f.key)]
	if f.m.missing {
		f.m.missing, ok = false, false
	}
	if f.m.bug == "File keeps what was there" {
		o, ok = f.early, f.early.version != 0
	}
	if !ok && f.m.bug == "missing has an error of its own" {
		return o, errors.New("no such key")
	}
	if !ok && f.m.bug != "missing is empty" {
		return o, &fs.PathError{Op: "open", Path: f.key, Err: fs.ErrNotExist}
	}
	return o, nil
}

func (f *modelFile) facts(o object) downloadview.Attributes {
	a := downloadview.Attributes{Size: int64(len(o.content)), ETag: fmt.Sprintf(`"%d"`, o.version)}
	if !o.modTime.IsZero() {
		a.ModTime = o.modTime
	}
	if f.m.bug == "the tag is the time" {
		a.ETag = fmt.Sprintf(`"changed:%d"`, o.modTime.Unix())
	}
	if f.m.bug == "tags have no quotes" {
		a.ETag = "1"
	}
	return a
}

func (f *modelFile) Open(ctx context.Context) (fs.File, error) {
	o, err := f.look(ctx)
	if err != nil && f.m.bug == "neither handle nor error" {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	facts, name := f.facts(o), path.Base(f.key)
	switch f.m.bug {
	case "the handle's size is wrong":
		facts.Size++
	case "the handle has another name":
		name = "x"
	case "reopening changes the tag":
		f.m.mu.Lock()
		f.m.versions++
		facts.ETag = fmt.Sprintf(`"%d"`, f.m.versions)
		f.m.mu.Unlock()
	}
	h := &modelHandle{f.m, facts.FileInfo(name), bytes.NewReader(o.content)}
	switch f.m.bug {
	case "handles are shared":
		f.m.mu.Lock()
		defer f.m.mu.Unlock()
		if f.shared == nil {
			f.shared = h
		}
		return f.shared, nil
	case "content is cut":
		h.r = bytes.NewReader(o.content[:min(len(o.content), 1<<20)])
	}
	return h, nil
}

func (f *modelFile) Stat(ctx context.Context) (fs.FileInfo, error) {
	o, err := f.look(ctx)
	if err != nil {
		if f.m.bug == "Stat invents" {
			return f.facts(o).FileInfo(f.key), nil
		}
		return nil, err
	}
	a := f.facts(o)
	if f.m.bug == "Stat has another size" {
		a.Size++
	}
	if f.m.bug == "Stat has another tag" {
		a.ETag = `"x"`
	}
	return a.FileInfo(f.key), nil
}

func (f *modelFile) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	o, err := f.look(ctx)
	if err != nil {
		return nil, err
	}
	size := int64(len(o.content))
	facts := f.facts(o)
	from, to := offset, offset+length
	switch {
	case f.m.bug == "suffixes are offsets":
		from = max(-offset, offset)
	case f.m.bug == "long suffixes fail" && -offset > size:
		return nil, downloadview.ErrRange
	case offset < 0:
		from, to = max(size+offset, 0), size
	}
	if length < 0 || length > size-from {
		if f.m.bug == "ranges past the end fail" && length >= 0 {
			return nil, downloadview.ErrRange
		}
		to = size
	}
	if from >= size {
		switch f.m.bug {
		case "unsatisfiable is empty":
			from, to = 0, 0
		case "unsatisfiable has an error of its own":
			return nil, errors.New("416")
		default:
			return nil, downloadview.ErrRange
		}
	}
	switch f.m.bug {
	case "ranges are one short":
		to = max(to-1, from)
	case "a range has a size of its own":
		facts.Size = to - from
	case "a range has no tag":
		facts.ETag = ""
	case "a range is another version":
		facts.ETag = `"x"`
	case "ranges are refused":
		return nil, errors.ErrUnsupported
	}
	return &modelHandle{f.m, facts.FileInfo(f.key), bytes.NewReader(o.content[from:to])}, nil
}

func (f *modelFile) Source() (downloadview.Source, bool) {
	src := downloadview.Source{Scheme: "s3", Host: "bucket", Path: "prefix/" + f.key}
	switch f.m.bug {
	case "sources are escaped":
		src.Path = url.PathEscape(f.key)
	case "sources have no scheme":
		src.Scheme = ""
	case "one source for all":
		src.Path = "prefix/" + plainKey
	case "a local source leads nowhere":
		src = downloadview.Source{Scheme: "file", Path: "/nowhere/" + f.key}
	case "sources look":
		return src, f.early.version == 0
	}
	return src, true
}

func (f *modelFile) Identity() (string, bool) {
	id := "https://store.test/" + url.PathEscape(f.key)
	switch f.m.bug {
	case "one identity for all":
		id = "https://store.test/"
	case "identities have spaces":
		id = "https://store.test/" + f.key
	case "identities change":
		f.m.asked++
		id += fmt.Sprint("#", f.m.asked)
	}
	return id, true
}

type modelHandle struct {
	m    *model
	info fs.FileInfo
	r    *bytes.Reader
}

func (h *modelHandle) Stat() (fs.FileInfo, error) {
	if h.m.bug == "Stat after reading fails" && h.r.Len() == 0 && h.info.Size() > 0 {
		return nil, io.ErrUnexpectedEOF
	}
	if h.m.bug == "facts are nil" {
		return nil, nil
	}
	return h.info, nil
}

func (h *modelHandle) Read(p []byte) (int, error) {
	if h.m.bug == "reading fails" {
		return 0, io.ErrUnexpectedEOF
	}
	h.m.mu.Lock()
	defer h.m.mu.Unlock()
	return h.r.Read(p)
}

func (h *modelHandle) Seek(offset int64, whence int) (int64, error) {
	if h.m.bug == "ranges are refused" {
		return 0, nil
	}
	if h.m.bug == "Seek goes astray" {
		offset++
	}
	return h.r.Seek(offset, whence)
}

func (h *modelHandle) Close() error {
	if h.m.bug == "Close fails" {
		return io.ErrClosedPipe
	}
	return nil
}

func (m *model) List(ctx context.Context, folder string) iter.Seq2[fs.FileInfo, error] {
	return func(yield func(fs.FileInfo, error) bool) {
		if err := ctx.Err(); err != nil && m.bug != "contexts are ignored" {
			yield(nil, err)
			return
		}
		prefix := folder + "/"
		if folder == "" {
			prefix = ""
		}
		entries := map[string]fs.FileInfo{}
		m.mu.Lock()
		objects := maps.Clone(m.objects)
		m.mu.Unlock()
		for key, o := range objects {
			rest, ok := strings.CutPrefix(key, prefix)
			if !ok {
				continue
			}
			name, _, isFolder := strings.Cut(rest, "/")
			if m.bug == "lists have whole keys" {
				name = key
			}
			entries[name] = modelEntry{downloadview.Attributes{Size: int64(len(o.content))}.FileInfo(name), isFolder}
			if m.bug == "lists have no sizes" {
				entries[name] = modelEntry{downloadview.Attributes{}.FileInfo(name), isFolder}
			}
		}
		if len(entries) == 0 && (folder != "" && m.bug != "a missing folder is empty" || m.bug == "an empty storage is missing") {
			if yield(nil, fs.ErrNotExist) && m.bug == "lists go on after an error" {
				yield(nil, nil)
			}
			return
		}
		names := slices.Sorted(maps.Keys(entries))
		switch m.bug {
		case "lists are not sorted":
			slices.Reverse(names)
		case "lists are sorted by key":
			slices.SortFunc(names, func(a, b string) int { return strings.Compare(slashed(entries[a]), slashed(entries[b])) })
		}
		for _, name := range names {
			if !yield(entries[name], nil) {
				return
			}
		}
	}
}

type modelEntry struct {
	fs.FileInfo
	folder bool
}

func (e modelEntry) IsDir() bool { return e.folder }

func slashed(fi fs.FileInfo) string {
	if fi.IsDir() {
		return fi.Name() + "/"
	}
	return fi.Name()
}
