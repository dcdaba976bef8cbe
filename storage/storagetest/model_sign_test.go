package storagetest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
)

// The optional methods of the model's files, and their bugs.

func (f *modelFile) Pin(etag string) downloadview.File {
	switch f.m.bug {
	case "Pin returns nothing":
		return nil
	case "Pin looks":
		if _, ok := f.m.get(f.key); !ok {
			return nil
		}
	}
	return &pinnedFile{f, etag}
}

// pinnedFile is a file that is pinned to one version.
type pinnedFile struct {
	*modelFile
	tag string
}

func (f *pinnedFile) Name() string {
	if f.m.bug == "a pinned file has another name" {
		return f.key + "@" + f.tag
	}
	return f.modelFile.Name()
}

func (f *pinnedFile) Identity() (string, bool) {
	id, ok := f.modelFile.Identity()
	if f.m.bug != "a pinned file is as any other" {
		id += "#" + url.PathEscape(f.tag)
	}
	return id, ok
}

func (f *pinnedFile) check(ctx context.Context) error {
	o, err := f.look(ctx)
	switch {
	case err != nil:
		return err
	case f.facts(o).ETag == f.tag, f.m.bug == "a pinned file is any version":
		return nil
	case f.m.bug == "another version is missing":
		return fs.ErrNotExist
	}
	return downloadview.ErrChanged
}

// relabelled returns fi with the tag of the pinned version.
func (f *pinnedFile) relabelled(fi fs.FileInfo) fs.FileInfo {
	a := downloadview.AttributesOf(fi)
	a.ETag = f.tag
	return a.FileInfo(f.key)
}

func (f *pinnedFile) Open(ctx context.Context) (fs.File, error) {
	if f.m.bug == "pinned files don't open" {
		return nil, fs.ErrPermission
	}
	if err := f.check(ctx); err != nil {
		return nil, err
	}
	return f.as(f.modelFile.Open(ctx))
}

func (f *pinnedFile) OpenRange(ctx context.Context, offset, length int64) (fs.File, error) {
	if err := f.check(ctx); err != nil {
		return nil, err
	}
	return f.as(f.modelFile.OpenRange(ctx, offset, length))
}

func (f *pinnedFile) as(h fs.File, err error) (fs.File, error) {
	if err == nil && f.m.bug == "a pinned file is any version" {
		h.(*modelHandle).info = f.relabelled(h.(*modelHandle).info)
	}
	return h, err
}

func (f *pinnedFile) Stat(ctx context.Context) (fs.FileInfo, error) {
	if err := f.check(ctx); err != nil {
		return nil, err
	}
	fi, err := f.modelFile.Stat(ctx)
	if err == nil && f.m.bug == "a pinned file is any version" {
		fi = f.relabelled(fi)
	}
	return fi, err
}

func (f *modelFile) SignedURL(_ context.Context, o downloadview.SignOptions) (string, time.Time, error) {
	if f.m.bug == "signing looks" {
		if _, ok := f.m.get(f.key); !ok {
			return "", time.Time{}, fs.ErrNotExist
		}
	}
	u := url.URL{Scheme: "https", Host: "store.test", Path: "/b/" + f.key}
	q := url.Values{
		"method": {o.Method}, "disposition": {o.Disposition}, "type": {o.ContentType}, "caching": {o.CacheControl},
	}
	until := time.Now().Add(o.Expiry)
	switch f.m.bug {
	case "signed URLs have no host":
		u.Host, u.Scheme = "", ""
	case "one signed URL for all":
		u.Path = "/b/"
		q.Set("key", f.key)
	case "signed URLs are not escaped":
		return "https://store.test/b/" + f.key, until, nil
	case "signed URLs have ended":
		until = time.Now().Add(-time.Hour)
	case "signed URLs last too long":
		until = time.Now().Add(time.Hour)
	case "signed URLs of a window end too soon":
		until = until.Add(-2 * o.Window)
	case "signed URLs of a window last too long":
		until = until.Add(o.Window)
	case "signed URLs lead nowhere":
		u.Path = "/nowhere/" + f.key
	case "signed URLs are for GET alone":
		q.Set("method", http.MethodGet)
	case "signed URLs keep the stored fields":
		q.Del("disposition")
	case "signed URLs have no options":
		if o.Disposition != "" || o.ContentType != "" || o.CacheControl != "" {
			return "", time.Time{}, errors.New("no options")
		}
	}
	u.RawQuery = q.Encode()
	return u.String(), until, nil
}

// fetch answers requests to signed URLs as a store does.
func (m *model) fetch(r *http.Request) (*http.Response, error) {
	q := r.URL.Query()
	key, ok := strings.CutPrefix(r.URL.Path, "/b/")
	content, found := m.get(key)
	resp := &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(content)), Request: r}
	switch {
	case q.Get("method") != r.Method:
		resp.StatusCode = http.StatusForbidden
	case !ok, !found:
		resp.StatusCode = http.StatusNotFound
	}
	for field, name := range map[string]string{"Content-Disposition": "disposition", "Content-Type": "type", "Cache-Control": "caching"} {
		if v := q.Get(name); v != "" {
			resp.Header.Set(field, v)
		}
	}
	return resp, nil
}

var (
	_ downloadview.Pinner = (*modelFile)(nil)
	_ downloadview.Signer = (*modelFile)(nil)
)
