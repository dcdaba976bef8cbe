package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
)

// checkSign checks the form of signed URLs, and sends requests to them if the fixture
// has a Fetch.
func checkSign(ctx context.Context, fx Fixture) error {
	f, err := fx.file(plainKey)
	if err != nil {
		return err
	}
	signer, ok := downloadview.Find[downloadview.Signer](f)
	if !ok {
		return nil
	}
	var p problems
	// SignedURL must not look whether the file exists; it doesn't yet.
	before := time.Now()
	signed, until, err := signer.SignedURL(ctx, downloadview.SignOptions{Method: http.MethodGet, Expiry: time.Minute})
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return nil
	case err != nil:
		return fmt.Errorf("SignedURL of a missing file: %w", err)
	}
	p.in("SignedURL", wellFormedURL(signed))
	// Some stores drop fractions of a second, so until may be early by one second.
	if latest := time.Now().Add(time.Minute); !until.IsZero() && (until.Before(before) || until.After(latest)) {
		p.addf("SignedURL for a minute is valid until %v, want a time within a minute from %v", until, before)
	}
	p.in("SignedURL with a Window", checkWindow(ctx, signer))
	for _, key := range []string{"folder/other", "folder/file%20name.txt", "folder/file+name.txt", "folder/file"} {
		other, err := fx.file(key)
		if err != nil {
			continue // the storage can't have this key
		}
		got, _, err := downloadview.SignedURL(ctx, other, downloadview.SignOptions{})
		switch {
		case errors.Is(err, errors.ErrUnsupported):
		case err != nil:
			p.addf("SignedURL(%q): %w", key, err)
		case withoutQuery(got) == withoutQuery(signed):
			p.addf("SignedURL of %q and %q is %s, want two different URLs", plainKey, key, withoutQuery(got))
		}
	}
	if fx.Fetch == nil {
		return p.err()
	}
	for _, key := range append([]string{plainKey}, oddKeys...) {
		p.in(short(key), fx.checkFetch(ctx, key))
	}
	return p.err()
}

// checkWindow checks that a URL is valid for what is left of its Expiry, at least.
func checkWindow(ctx context.Context, signer downloadview.Signer) error {
	before := time.Now()
	_, until, err := signer.SignedURL(ctx, downloadview.SignOptions{Method: http.MethodGet, Expiry: 2 * time.Hour, Window: time.Hour})
	if err != nil {
		return err
	}
	if latest := time.Now().Add(2 * time.Hour); !until.IsZero() && (until.Before(before.Add(time.Hour-time.Second)) || until.After(latest)) {
		return fmt.Errorf("signed for two hours in a window of one, the URL is valid until %v, want one to two hours from %v", until, before)
	}
	return nil
}

func wellFormedURL(signed string) error {
	u, err := url.Parse(signed)
	switch {
	case err != nil:
		return err
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "", u.User != nil, u.Fragment != "":
		return fmt.Errorf("URL is %q, want one with the scheme http or https, a host, no userinfo and no fragment", signed)
	case strings.ContainsFunc(signed, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Errorf("URL is %q, want spaces and characters outside ASCII percent-encoded", signed)
	}
	return nil
}

func withoutQuery(signed string) string {
	path, _, _ := strings.Cut(signed, "?")
	return path
}

// checkFetch sends requests to signed URLs of the file under key.
func (fx Fixture) checkFetch(ctx context.Context, key string) error {
	content := bytesOf(1, 1000)
	f, err := fx.put(key, content)
	if err != nil {
		return nil // checkOddKeys tests Put of such keys
	}
	var p problems
	fields := downloadview.SignOptions{
		Disposition: `attachment; filename="b.csv"`, ContentType: "text/csv", CacheControl: "private, max-age=7",
	}
	for name, o := range map[string]downloadview.SignOptions{
		"GET":               {},
		"HEAD":              {Method: http.MethodHead},
		"with Disposition":  {Disposition: fields.Disposition},
		"with ContentType":  {ContentType: fields.ContentType},
		"with CacheControl": {CacheControl: fields.CacheControl},
	} {
		signed, _, err := downloadview.SignedURL(ctx, f, o)
		if errors.Is(err, errors.ErrUnsupported) {
			continue
		}
		if err != nil {
			p.in(name, err)
			continue
		}
		method := http.MethodGet
		if o.Method != "" {
			method = o.Method
		}
		resp, body, err := fx.fetch(ctx, method, signed)
		if err != nil {
			p.in(name, err)
			continue
		}
		if resp.StatusCode != http.StatusOK || method == http.MethodGet && !bytes.Equal(body, content) {
			p.addf("%s: status is %d with %d bytes, want 200 and the bytes of the file", name, resp.StatusCode, len(body))
		}
		for field, want := range map[string]string{
			"Content-Disposition": o.Disposition, "Content-Type": o.ContentType, "Cache-Control": o.CacheControl,
		} {
			if got := resp.Header.Get(field); want != "" && got != want {
				p.addf("%s: %s is %q, want %q; if a URL can't set this field, SignedURL must return errors.ErrUnsupported", name, field, got, want)
			}
		}
	}
	return p.err()
}

func (fx Fixture) fetch(ctx context.Context, method, signed string) (*http.Response, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, signed, nil)
	if err != nil {
		return nil, nil, err
	}
	resp, err := fx.Fetch(r)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, body, err
}
