package main

import (
	"context"
	"os"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"golang.org/x/oauth2"
)

// watched are files that something beside the server may put anew, such as those
// with credentials. Each may be missing.
type watched struct {
	paths []string
	seen  []os.FileInfo // nil: missing
}

// watch returns what is at the paths now.
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

// isAsNow reports whether the files are those that were seen.
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

// awsFiles are the files of the AWS tools.
func awsFiles() []string {
	files := []string{os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), os.Getenv("AWS_CONFIG_FILE")}
	for i, usual := range []func() string{config.DefaultSharedCredentialsFilename, config.DefaultSharedConfigFilename} {
		if files[i] == "" {
			files[i] = usual()
		}
	}
	return files
}

// rotated are credentials that are found anew when the files of the AWS tools are
// others. What is found has to give some: a file may be half written.
type rotated struct {
	find func(context.Context) (aws.CredentialsProvider, error)

	mu    sync.Mutex
	files watched
	now   aws.CredentialsProvider
}

// Retrieve looks at the files each time, and never waits for another request that
// finds credentials anew.
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

// rotatedTokens are those of a file of Google's, which is read anew when it is
// another.
type rotatedTokens struct {
	find func() (oauth2.TokenSource, error)

	mu    sync.Mutex
	files watched
	now   oauth2.TokenSource
}

// Token looks at the file each time.
func (r *rotatedTokens) Token() (*oauth2.Token, error) {
	r.mu.Lock()
	now, old := r.now, r.files
	r.mu.Unlock()
	files := watch(old.paths...)
	if old.isAsNow(&files) {
		return now.Token()
	}
	if found, err := r.find(); err == nil { // else it is half written
		if token, err := found.Token(); err == nil {
			r.mu.Lock()
			r.now, r.files = found, files
			r.mu.Unlock()
			return token, nil
		}
	}
	return now.Token()
}
