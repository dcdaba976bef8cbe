package storagetest

import (
	"context"
	"errors"
	"io/fs"
	"slices"

	"github.com/downloadview/downloadview"
)

func checkList(ctx context.Context, fx Fixture) error {
	// A bucket sorts keys, in which "folder-x" and "folder.txt" come before "folder/".
	for _, key := range []string{"folder/z", "folder.txt", "folder/sub/y", "b", "a-b", "a b", "a", "Zed", "folder-x", "über", "folder/a"} {
		if _, err := fx.put(key, []byte(key)); err != nil {
			return err
		}
	}
	if _, err := namesIn(ctx, fx.Storage, ""); errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	var p problems
	for folder, want := range map[string][]string{
		"":           {"Zed", "a", "a b", "a-b", "b", "folder/", "folder-x", "folder.txt", "über"},
		"folder":     {"a", "sub/", "z"},
		"folder/sub": {"y"},
	} {
		got, err := namesIn(ctx, fx.Storage, folder)
		if err != nil {
			p.addf("List(%q): %w", folder, err)
		} else if !slices.Equal(got, want) {
			p.addf("List(%q) = %q, want %q", folder, got, want)
		}
	}
	for fi, err := range downloadview.List(ctx, fx.Storage, "folder") {
		if err == nil && fi.Name() == "a" && fi.Size() != int64(len("folder/a")) {
			p.addf("List(%q): size of %q is %d, want %d", "folder", "a", fi.Size(), len("folder/a"))
		}
		break // List must not yield again
	}
	for folder, want := range map[string][]error{
		"missing":   {fs.ErrNotExist},
		"folder/su": {fs.ErrNotExist},
		"a":         {fs.ErrNotExist},
		"folder/":   {fs.ErrInvalid, fs.ErrNotExist},
		"..":        {fs.ErrInvalid, fs.ErrNotExist},
		"../":       {fs.ErrInvalid, fs.ErrNotExist},
		"/":         {fs.ErrInvalid, fs.ErrNotExist},
		".":         {fs.ErrInvalid, fs.ErrNotExist},
		"\x00":      {fs.ErrInvalid, fs.ErrNotExist},
	} {
		got, err := namesIn(ctx, fx.Storage, folder)
		if !slices.ContainsFunc(want, func(e error) bool { return errors.Is(err, e) }) {
			p.addf("List(%q): %q, error is %v, want %v", folder, got, err, want[0])
		}
	}
	return p.err()
}

func checkListOfNothing(ctx context.Context, fx Fixture) error {
	var p problems
	names, err := namesIn(ctx, fx.Storage, "")
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		p.addf("List of an empty storage: %w", err)
	}
	if len(names) > 0 {
		p.addf("List of an empty storage = %q, want nothing", names)
	}
	return p.err()
}

// namesIn returns the names in folder. Those of folders end in a slash.
func namesIn(ctx context.Context, s downloadview.Storage, folder string) ([]string, error) {
	var names []string
	var failed error
	for fi, err := range downloadview.List(ctx, s, folder) {
		switch {
		case failed != nil:
			return names, errors.New("List yields again after an error")
		case err != nil:
			failed = err
		case fi == nil:
			return names, errors.New("List yields a nil entry and a nil error")
		case fi.IsDir():
			names = append(names, fi.Name()+"/")
		default:
			names = append(names, fi.Name())
		}
	}
	return names, failed
}
