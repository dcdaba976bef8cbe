package storagetest

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
)

// The optional methods of the model, and their bugs.

func (m *model) Exists(ctx context.Context, key string) (bool, error) {
	switch m.bug {
	case "everything exists":
		return true, ctx.Err()
	case "nothing exists":
		return false, ctx.Err()
	}
	found, err := downloadview.Exists(ctx, struct{ downloadview.Storage }{m}, key)
	if m.bug == "what doesn't exist is an error" && !found && err == nil {
		return false, errors.New("no such key")
	}
	return found, err
}

func (m *model) get(key string) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[key]
	return o.content, ok
}

func (m *model) remove(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, key)
}

func (m *model) Save(ctx context.Context, key string, r io.Reader) error {
	if m.bug == "Save trims keys" {
		key = strings.TrimSpace(key)
	}
	if _, err := m.File(key); err != nil && m.bug != "Save takes every key" {
		return err
	}
	if m.bug == "Save refuses spaces" && strings.HasPrefix(key, " ") {
		return fs.ErrInvalid
	}
	content, err := io.ReadAll(r)
	if err == nil && m.bug != "Save ignores the context" {
		err = ctx.Err()
	}
	old, replaces := m.get(key)
	if err != nil {
		switch m.bug {
		case "Save keeps a part":
			m.put(key, content)
		case "Save deletes what it can't replace":
			m.remove(key)
		case "Save hides why":
			return errors.New("failed")
		case "Save leaves something behind":
			m.put(key+".tmp", content)
		}
		return err
	}
	switch {
	case m.bug == "Save cuts":
		content = content[:min(len(content), 1<<20)]
	case m.bug == "Save appends":
		content = slices.Concat(old, content)
	case m.bug == "Save mixes" && replaces:
		content = slices.Concat(old[:len(old)/2], content[len(content)/2:])
	}
	err = m.put(key, content)
	if m.bug == "Save replaces in two steps" {
		m.mu.Lock()
		m.missing = true
		m.mu.Unlock()
	}
	return err
}

func (m *model) Delete(ctx context.Context, key string) error {
	if err := ctx.Err(); err != nil && m.bug != "contexts don't stop Delete" {
		return err
	}
	if _, err := m.File(key); err != nil {
		return err
	}
	_, found := m.get(key)
	switch {
	case m.bug == "Delete does nothing" && found:
		return nil
	case m.bug == "Delete takes folders" && !found:
		m.mu.Lock()
		defer m.mu.Unlock()
		before := len(m.objects)
		maps.DeleteFunc(m.objects, func(k string, _ object) bool { return strings.HasPrefix(k, key+"/") })
		if len(m.objects) < before {
			return nil
		}
		return fs.ErrNotExist
	case !found && m.bug == "Delete has an error of its own":
		return errors.New("no such key")
	case !found && m.bug != "Delete of nothing succeeds":
		return fs.ErrNotExist
	}
	m.remove(key)
	return nil
}

func (m *model) Times(ctx context.Context, key string) (downloadview.Times, error) {
	f, err := m.File(key)
	if err != nil {
		return downloadview.Times{}, err
	}
	if _, err := downloadview.Stat(ctx, f); err != nil && m.bug != "what is missing has times" {
		return downloadview.Times{}, err
	}
	switch m.bug {
	case "times are not known":
		return downloadview.Times{}, nil
	case "times are old":
		return downloadview.Times{Created: time.Unix(1, 0)}, nil
	case "Modified is another":
		return downloadview.Times{Created: time.Now(), Modified: time.Unix(1, 0)}, nil
	}
	return downloadview.Times{Created: time.Now()}, nil
}

func (m *model) URL(_ context.Context, key string) (string, error) {
	if _, err := m.File(key); err != nil && m.bug != "URLs have any key" {
		return "", err
	}
	if m.bug == "URLs are not escaped" {
		return "https://example.com/" + key, nil
	}
	return "https://example.com/" + (&url.URL{Path: key}).EscapedPath(), nil
}

// Path is supported only with a bug, since a storage in memory has no paths.
func (m *model) Path(key string) (string, error) {
	switch m.bug {
	case "paths are relative":
		return key, nil
	case "paths lead nowhere":
		return filepath.Abs(filepath.Join("nowhere", key))
	}
	return "", errors.ErrUnsupported
}

var _ everything = (*model)(nil)
