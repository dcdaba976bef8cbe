package middleware_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/storage/disk"
	"github.com/downloadview/downloadview/storage/storagetest"
)

func openDir(t *testing.T) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

// withoutBackslash has no keys with a backslash, to which no link leads.
type withoutBackslash struct{ *disk.Storage }

func (s withoutBackslash) File(key string) (downloadview.File, error) {
	if strings.Contains(key, `\`) {
		return nil, &fs.PathError{Op: "open", Path: key, Err: fs.ErrInvalid}
	}
	return s.Storage.File(key)
}

func (s withoutBackslash) Save(ctx context.Context, key string, r io.Reader) error {
	if _, err := s.File(key); err != nil {
		return err
	}
	return s.Storage.Save(ctx, key, r)
}

// A storage does all that it did before.
func TestSignedStorageConforms(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storagetest.Fixture {
		s := withoutBackslash{disk.New(openDir(t), nil)}
		links := middleware.NewLinks(exampleKeys, nil)
		return storagetest.Fixture{
			Storage: middleware.NewSignedStorage(s, links, &url.URL{Scheme: "https", Host: "example.test", Path: "/media/"}, nil),
			Put: func(key string, content []byte) error {
				if strings.Contains(key, `\`) {
					return errors.ErrUnsupported
				}
				return downloadview.Save(context.Background(), s, key, strings.NewReader(string(content)))
			},
		}
	})
}

// The link that URL returns is one to the file, also over a real connection.
func TestSignedStorageLinksLeadToTheFiles(t *testing.T) {
	s := disk.New(openDir(t), nil)
	links := middleware.NewLinks(exampleKeys, nil)
	mux := http.NewServeMux()
	mux.Handle("/media/", downloadview.NewHandler(&downloadview.StorageView{Storage: s, Key: downloadview.PathKey("/media/")}, nil))
	srv := httptest.NewServer(links.Handler(mux))
	t.Cleanup(srv.Close)
	base, _ := url.Parse(srv.URL + "/media")
	signed := middleware.NewSignedStorage(s, links, base, &middleware.SignedStorageOptions{
		Grant: func(_ context.Context, key string) (middleware.Grant, error) {
			return middleware.Grant{Expires: time.Now().Add(time.Minute), Name: "saved as.txt", ThisHost: true}, nil
		},
	})
	for _, key := range []string{"a", "a b/ü", "100%", "a;b", "a&b=c", "a?b#c", "a+b", "~", "~1/x", "a%2Fb", "x/.hidden", "a:b", `a"b`, "<a>", "é|[]{}^`"} {
		if err := downloadview.Save(t.Context(), signed, key, strings.NewReader("content of "+key)); err != nil {
			t.Fatal(err)
		}
		link, err := downloadview.URL(t.Context(), signed, key)
		if err != nil {
			t.Error(err)
			continue
		}
		resp, err := http.Get(link)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != 200 || string(body) != "content of "+key || resp.Header.Get("Content-Disposition") != `attachment; filename="saved as.txt"` {
			t.Errorf("%q: %d %q %q", key, resp.StatusCode, body, resp.Header.Get("Content-Disposition"))
		}
		resp, err = http.Get(strings.SplitN(link, "?", 2)[0])
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 403 {
			t.Errorf("%q, without a link: %d", key, resp.StatusCode)
		}
	}
}

// anyKey is a storage that can have any key.
type anyKey struct{}

func (anyKey) File(key string) (downloadview.File, error) {
	return downloadview.FromString(key, "", nil), nil
}

func TestSignedStorageErrors(t *testing.T) {
	broken := errors.New("broken")
	links := middleware.NewLinks(exampleKeys, nil)
	base := &url.URL{Path: "/media/"}
	for _, tt := range []struct {
		name, key string
		s         downloadview.Storage
		base      *url.URL
		grant     func(context.Context, string) (middleware.Grant, error)
		want      error
		text      string
	}{
		{"empty segment", "a//b", anyKey{}, base, nil, errors.ErrUnsupported, "empty or dot segment"},
		{"dot segment", "a/../b", anyKey{}, base, nil, errors.ErrUnsupported, "empty or dot segment"},
		{"empty", "", anyKey{}, base, nil, errors.ErrUnsupported, "empty or dot segment"},
		{"backslash", `a\b`, anyKey{}, base, nil, errors.ErrUnsupported, "backslash"},
		{"NUL", "a\x00b", anyKey{}, base, nil, errors.ErrUnsupported, "NUL"},
		{"like a token", "~1.txt", anyKey{}, base, nil, errors.ErrUnsupported, `"~1."`},
		{"a relative base", "a", anyKey{}, &url.URL{Path: "media"}, nil, errors.ErrUnsupported, `begins with one "/"`},
		{"what the storage can't have", "../a", disk.New(openDir(t), nil), base, nil, fs.ErrInvalid, "../a"},
		{"Grant", "a", anyKey{}, base, func(context.Context, string) (middleware.Grant, error) { return middleware.Grant{}, broken }, broken, "url a: broken"},
		{"no expiry", "a", anyKey{}, base, func(context.Context, string) (middleware.Grant, error) { return middleware.Grant{}, nil }, nil, "Expires is not set"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := middleware.NewSignedStorage(tt.s, links, tt.base, &middleware.SignedStorageOptions{Grant: tt.grant})
			link, err := downloadview.URL(t.Context(), s, tt.key)
			if err == nil || !strings.Contains(err.Error(), tt.text) || tt.want != nil && !errors.Is(err, tt.want) {
				t.Errorf("URL(%q) = %q, %v, want an error with %q that is %v", tt.key, link, err, tt.text, tt.want)
			}
			if tt.want == nil && errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("error %v is ErrUnsupported, though the key has a link", err)
			}
		})
	}
}
