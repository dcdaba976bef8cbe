package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"cloud.google.com/go/storage"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/google"
	"google.golang.org/api/option"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/command"
	"github.com/downloadview/downloadview/storage/gcsbucket"
)

// gsParameters are the parameters of the Go CDK, without those for gRPC, and
// user_project: the project that pays.
var gsParameters = []string{"anonymous", "access_id", "private_key_path", "universe_domain", "user_project"}

// openGS uses the application default credentials of Google's tools: the file that
// GOOGLE_APPLICATION_CREDENTIALS names, the file of gcloud, or the metadata server of a
// machine at Google, which is first asked at the first request. If STORAGE_EMULATOR_HOST
// names a server, requests have no credentials.
func openGS(ctx context.Context, at *location, r *command.Reach) (downloadview.Storage, func() error, error) {
	t := newTransport(r.Connect)
	base := r.Counted(link{t})
	id, anonymous, err := gsIdentity(at)
	if err != nil {
		return nil, nil, err
	}
	var options []option.ClientOption
	if domain := at.parameters.Get("universe_domain"); domain != "" {
		options = append(options, option.WithUniverseDomain(domain))
	}
	// A limit for the server that issues tokens.
	tokens := context.WithValue(context.WithoutCancel(ctx), oauth2.HTTPClient, &http.Client{Transport: link{t}, Timeout: r.Credentials})
	params := google.CredentialsParams{
		Scopes:         []string{"https://www.googleapis.com/auth/cloud-platform"},
		UniverseDomain: at.parameters.Get("universe_domain"),
	}
	switch {
	case anonymous || os.Getenv("STORAGE_EMULATOR_HOST") != "":
		options = append(options, option.WithoutAuthentication())
	case gsFile() != "":
		files := watch(gsFile())
		found, err := google.FindDefaultCredentialsWithParams(tokens, params)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: not a file of Google credentials: %w", gsFile(), err)
		}
		options = append(options, option.WithCredentials(found))
		base = &bearer{base, &rotatedTokens{files: files, now: found.TokenSource, find: func() (oauth2.TokenSource, error) {
			again, err := google.FindDefaultCredentialsWithParams(tokens, params)
			if err != nil {
				return nil, err
			}
			return again.TokenSource, nil
		}}}
	default:
		options = append(options, option.WithoutAuthentication())
		base = &bearer{base, oauth2.ReuseTokenSource(nil, &laterTokens{find: func() (oauth2.TokenSource, error) {
			found, err := google.FindDefaultCredentialsWithParams(tokens, params)
			if err != nil {
				return nil, err
			}
			return found.TokenSource, nil
		}})}
	}
	options = append(options, option.WithHTTPClient(&http.Client{Transport: gcsbucket.Transport(base)}))
	client, err := storage.NewClient(ctx, options...)
	if err != nil {
		return nil, nil, err
	}
	bucket := gcsbucket.New(client, at.bucket, &gcsbucket.Options{
		Prefix: at.prefix, Signing: id, UserProject: at.parameters.Get("user_project"), Logger: r.Logger,
	})
	release := func() error {
		defer t.CloseIdleConnections()
		return client.Close()
	}
	return bucket, release, nil
}

// gsIdentity returns the signing options that the parameters set, and whether requests
// are made without credentials.
func gsIdentity(at *location) (id *storage.SignedURLOptions, anonymous bool, err error) {
	q := at.parameters
	if anonymous, err = enabled(q, "anonymous"); err != nil {
		return nil, false, err
	}
	id = &storage.SignedURLOptions{GoogleAccessID: q.Get("access_id")}
	if id.GoogleAccessID == "-" {
		id.GoogleAccessID, anonymous = "", true
	}
	if path := q.Get("private_key_path"); path != "" {
		if id.PrivateKey, err = os.ReadFile(path); err != nil {
			return nil, false, fmt.Errorf("private_key_path: %w", err)
		}
	}
	if e := at.signEndpoint; e != nil {
		id.Hostname, id.Insecure = e.Host, e.Scheme == "http"
	}
	return id, anonymous, nil
}

// gsFile returns the file of the default credentials; "" if there is none.
func gsFile() string {
	if path := os.Getenv("GOOGLE_APPLICATION_CREDENTIALS"); path != "" {
		return path
	}
	dir := filepath.Join(os.Getenv("HOME"), ".config")
	if runtime.GOOS == "windows" {
		dir = os.Getenv("APPDATA")
	}
	path := filepath.Join(dir, "gcloud", "application_default_credentials.json")
	text, err := os.ReadFile(path)
	if err != nil || !json.Valid(text) {
		return ""
	}
	return path
}

// laterTokens looks for credentials when a token is needed, until it has found some.
type laterTokens struct {
	find func() (oauth2.TokenSource, error)

	mu    sync.Mutex
	found oauth2.TokenSource
}

func (l *laterTokens) Token() (*oauth2.Token, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.found == nil {
		found, err := l.find()
		if err != nil {
			return nil, err
		}
		l.found = found
	}
	return l.found.Token()
}

// bearer adds a token to each request, but for those to which a redirect to another host
// has led. A request that is canceled doesn't wait for the token any longer.
type bearer struct {
	base   http.RoundTripper
	tokens oauth2.TokenSource
}

func (b *bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	if hasLeft(r) {
		return b.base.RoundTrip(r)
	}
	type answer struct {
		token *oauth2.Token
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		token, err := b.tokens.Token()
		answers <- answer{token, err}
	}()
	select {
	case <-r.Context().Done():
		return nil, r.Context().Err()
	case a := <-answers:
		if a.err != nil {
			return nil, lasting(r.Context(), a.err)
		}
		signed := r.Clone(r.Context())
		a.token.SetAuthHeader(signed)
		return b.base.RoundTrip(signed)
	}
}

// hasLeft reports whether a redirect on the way to r led to another scheme, host or port.
// An http.Client removes only the fields that it was given.
func hasLeft(r *http.Request) bool {
	for r.Response != nil && r.Response.Request != nil {
		before := r.Response.Request
		if before.URL.Scheme != r.URL.Scheme || before.URL.Host != r.URL.Host {
			return true
		}
		r = before
	}
	return false
}

// CloseIdleConnections closes the idle connections of the base.
func (b *bearer) CloseIdleConnections() {
	if c, ok := b.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
