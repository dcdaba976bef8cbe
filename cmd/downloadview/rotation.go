package main

import (
	"context"
	"os"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"golang.org/x/oauth2"
)

// watched are files that another program may replace, such as those with credentials.
// Each may be missing.
type watched struct {
	paths []string
	seen  []os.FileInfo // nil: missing
}

// watch returns the files that are at the paths now.
func watch(paths ...string) watched {
	w := watched{paths: paths}
	for _, p := range paths {
		fi, err := os.Stat(p)
		if err != nil {
			fi = nil
		}
		w.seen = append(w.seen, fi)
	}
	return w
}

// isAsNow reports whether the files are still those of w.
func (w *watched) isAsNow(now *watched) bool {
	for i, old := range w.seen {
		fi := now.seen[i]
		switch {
		case old == nil && fi == nil:
		case old == nil || fi == nil, !os.SameFile(old, fi), old.Size() != fi.Size(), !old.ModTime().Equal(fi.ModTime()):
			return false
		}
	}
	return true
}

// awsFiles returns the paths of the AWS tools' files.
func awsFiles() []string {
	files := []string{os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), os.Getenv("AWS_CONFIG_FILE")}
	for i, usual := range []func() string{config.DefaultSharedCredentialsFilename, config.DefaultSharedConfigFilename} {
		if files[i] == "" {
			files[i] = usual()
		}
	}
	return files
}

// rotated are credentials that are looked for again when the files of the AWS tools
// have changed. The new ones are used only after they have been retrieved once, since a
// file may be half written.
type rotated struct {
	find func(context.Context) (aws.CredentialsProvider, error)

	mu    sync.Mutex
	files watched
	now   aws.CredentialsProvider
}

// Retrieve checks the files each time. It never waits for another request that looks
// for credentials.
func (r *rotated) Retrieve(ctx context.Context) (aws.Credentials, error) {
	r.mu.Lock()
	now, old := r.now, r.files
	r.mu.Unlock()
	files := watch(old.paths...)
	if old.isAsNow(&files) {
		return now.Retrieve(ctx)
	}
	found, err := r.find(ctx)
	if err == nil {
		var got aws.Credentials
		if got, err = found.Retrieve(ctx); err == nil {
			r.mu.Lock()
			r.now, r.files = found, files
			r.mu.Unlock()
			return got, nil
		}
	}
	return now.Retrieve(ctx)
}

// rotatedTokens are the tokens of a file of Google credentials, which is read again when
// it has changed.
type rotatedTokens struct {
	find func() (oauth2.TokenSource, error)

	mu    sync.Mutex
	files watched
	now   oauth2.TokenSource
}

// Token checks the file each time.
func (r *rotatedTokens) Token() (*oauth2.Token, error) {
	r.mu.Lock()
	now, old := r.now, r.files
	r.mu.Unlock()
	files := watch(old.paths...)
	if old.isAsNow(&files) {
		return now.Token()
	}
	if found, err := r.find(); err == nil { // an error: the file may be half written
		if token, err := found.Token(); err == nil {
			r.mu.Lock()
			r.now, r.files = found, files
			r.mu.Unlock()
			return token, nil
		}
	}
	return now.Token()
}
