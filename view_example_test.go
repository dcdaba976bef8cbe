package downloadview_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/downloadtest"
	"github.com/downloadview/downloadview/storage/disk"
)

// mount serves a view under /files/.
func mount(v downloadview.View, o *downloadview.Options) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/files/{path...}", downloadview.NewHandler(v, o))
	return mux
}

// printHeader prints the status of an answer and some of its header fields.
func printHeader(h http.Handler, path string, keys ...string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	fmt.Println(w.Code)
	for _, key := range keys {
		if value := w.Header().Get(key); value != "" {
			fmt.Printf("  %s: %s\n", key, value)
		}
	}
}

// Every tenant has its own storage, such as a bucket or a prefix of one. A client
// chooses only the key, so it can't reach the files of another tenant.
func ExampleStorageView_lookup() {
	tenants := map[string]downloadview.Storage{
		"acme":   downloadtest.Storage{Files: map[string]string{"report.txt": "acme's"}},
		"globex": downloadtest.Storage{Files: map[string]string{"report.txt": "globex's"}},
	}
	view := downloadview.StorageView{Lookup: func(r *http.Request) (downloadview.Storage, error) {
		return tenants[r.Header.Get("Tenant")], nil // nil is 404
	}}

	for _, tenant := range []string{"acme", "globex", "initech"} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/files/report.txt", nil)
		r.Header.Set("Tenant", tenant)
		mount(view, nil).ServeHTTP(w, r)
		fmt.Println(w.Code, w.Body)
	}
	// Output:
	// 200 acme's
	// 200 globex's
	// 404 Not Found
}

// A single file whose path the application chooses needs no storage: disk.File takes
// a trusted path.
func ExampleViewFunc_path() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	terms := filepath.Join(dir, "terms-v3.txt")
	if err := os.WriteFile(terms, []byte("be nice"), 0o600); err != nil {
		panic(err)
	}

	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		f, err := disk.File(terms)
		return downloadview.Response{File: f, Name: "Terms.txt"}, err
	})

	show(downloadview.NewHandler(view, nil), "GET", "/")
	// Output:
	// 200 attachment; filename="Terms.txt"
	// be nice
}

// A view may call another view.
func ExampleViewFunc_choosing() {
	published := downloadview.StorageView{Storage: folder(map[string]string{"a.txt": "final"})}
	drafts := downloadview.StorageView{Storage: folder(map[string]string{"a.txt": "draft", "b.txt": "begun"})}

	view := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		if r.URL.Query().Has("draft") {
			return drafts.Respond(r)
		}
		return published.Respond(r)
	})

	show(mount(view, nil), "GET", "/files/a.txt")
	show(mount(view, nil), "GET", "/files/a.txt?draft")
	// Output:
	// 200 attachment; filename="a.txt"
	// final
	// 200 attachment; filename="a.txt"
	// draft
}

// Only signed-in users get the file.
func ExampleMiddleware_session() {
	sessions := map[string]string{"s3cr3t": "anna"}
	var signedIn downloadview.Middleware = func(next downloadview.View) downloadview.View {
		return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
			c, err := r.Cookie("session")
			if err != nil || sessions[c.Value] == "" {
				return downloadview.Response{}, &downloadview.StatusError{Status: http.StatusForbidden, Err: err}
			}
			return next.Respond(r)
		})
	}
	files := downloadview.StorageView{Storage: folder(map[string]string{"a.txt": "for members"})}
	h := mount(signedIn(files), nil)

	show(h, "GET", "/files/a.txt")
	show(h, "GET", "/files/a.txt", "Cookie", "session=guessed")
	show(h, "GET", "/files/a.txt", "Cookie", "session=s3cr3t")
	// Output:
	// 403
	// Forbidden
	//
	// 403
	// Forbidden
	//
	// 200 attachment; filename="a.txt"
	// for members
}

// A browser that isn't signed in is redirected to a login page.
func ExampleStatusError_redirect() {
	var signedIn downloadview.Middleware = func(next downloadview.View) downloadview.View {
		return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
			if _, err := r.Cookie("session"); err != nil { // and look it up
				return downloadview.Response{}, &downloadview.StatusError{
					Status: http.StatusFound,
					Err:    err,
					Header: http.Header{"Location": {"/login?next=" + url.QueryEscape(r.URL.EscapedPath())}},
				}
			}
			return next.Respond(r)
		})
	}
	files := downloadview.StorageView{Storage: folder(map[string]string{"a b.txt": "for members"})}
	h := mount(signedIn(files), nil)

	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/files/a%20b.txt", nil))
	fmt.Println(w.Code, w.Header().Get("Location"))
	// Output:
	// 302 /login?next=%2Ffiles%2Fa%2520b.txt
}

// The error that refuses a request has the header fields of the answer.
func ExampleMiddleware_bearerToken() {
	var withToken downloadview.Middleware = func(next downloadview.View) downloadview.View {
		return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
			token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			if !ok || token != "t0ken" { // look it up, or verify its signature
				return downloadview.Response{}, &downloadview.StatusError{
					Status: http.StatusUnauthorized,
					Err:    errors.New("no valid token"),
					Header: http.Header{"WWW-Authenticate": {`Bearer realm="files"`}},
				}
			}
			return next.Respond(r)
		})
	}
	files := downloadview.StorageView{Storage: folder(map[string]string{"a.txt": "for machines"})}
	h := mount(withToken(files), nil)

	printHeader(h, "/files/a.txt", "WWW-Authenticate", "Cache-Control")
	show(h, "GET", "/files/a.txt", "Authorization", "Bearer t0ken")
	// Output:
	// 401
	//   WWW-Authenticate: Bearer realm="files"
	//   Cache-Control: no-store
	// 200 attachment; filename="a.txt"
	// for machines
}

// The files of each tenant have a prefix, and no key can leave it.
func ExampleStorageView_tenant() {
	files := downloadview.StorageView{
		Storage: folder(map[string]string{"acme/plan.txt": "rockets", "globex/plan.txt": "hammocks"}),
		Key: func(r *http.Request) (string, error) {
			tenant, _, ok := r.BasicAuth() // checked further out
			if !ok || tenant != path.Base(tenant) {
				return "", &downloadview.StatusError{Status: http.StatusForbidden}
			}
			return tenant + "/" + r.PathValue("path"), nil
		},
	}
	const acme = "Basic YWNtZTo=" // acme without a password

	show(mount(files, nil), "GET", "/files/plan.txt", "Authorization", acme)
	show(mount(files, nil), "GET", "/files/..%2Fglobex%2Fplan.txt", "Authorization", acme)
	// Output:
	// 200 attachment; filename="plan.txt"
	// rockets
	// 404
	// Not Found
}

// A client that may not have a file should not learn that it exists. The log still
// has the reason.
func ExampleMiddleware_hidden() {
	var private downloadview.Middleware = func(next downloadview.View) downloadview.View {
		return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
			resp, err := next.Respond(r)
			if err == nil && strings.HasPrefix(resp.File.Name(), "private/") {
				err = &downloadview.StatusError{Status: http.StatusForbidden}
			}
			return resp, err
		})
	}
	var hidden downloadview.Middleware = func(next downloadview.View) downloadview.View {
		return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
			resp, err := next.Respond(r)
			if downloadview.StatusCode(err) == http.StatusForbidden {
				err = &downloadview.StatusError{Status: http.StatusNotFound, Err: err}
			}
			return resp, err
		})
	}
	files := downloadview.StorageView{Storage: folder(map[string]string{"private/a.txt": "x"})}
	h := downloadview.Use(hidden, private)(mount(files, &downloadview.Options{
		Error: func(w http.ResponseWriter, r *http.Request, status int, err error) {
			fmt.Println("logged:", err)
			w.WriteHeader(status)
		},
	}))

	show(h, "GET", "/files/private/a.txt")
	show(h, "GET", "/files/private/no.txt")
	// Output:
	// logged: 404 Not Found: 403 Forbidden
	// 404
	//
	// logged: 404 Not Found: 403 Forbidden
	// 404
}

// Settings that are the same for all files of a view are in its Response.
func ExampleStorageView_response() {
	files := downloadview.StorageView{
		Storage: folder(map[string]string{"2026-11-22T10.log": "GET /"}),
		Response: downloadview.Response{
			Name:         "today.log",
			ContentType:  "text/plain; charset=us-ascii",
			Disposition:  downloadview.Inline,
			CacheControl: "private, max-age=60",
			Header:       http.Header{"X-Robots-Tag": {"noindex"}},
		},
	}

	printHeader(mount(files, nil), "/files/2026-11-22T10.log",
		"Content-Disposition", "Content-Type", "Cache-Control", "X-Robots-Tag")
	// Output:
	// 200
	//   Content-Disposition: inline; filename="today.log"
	//   Content-Type: text/plain; charset=us-ascii
	//   Cache-Control: private, max-age=60
	//   X-Robots-Tag: noindex
}

// Middleware decides settings that depend on the request or on the file.
func ExampleMiddleware_response() {
	var asked downloadview.Middleware = func(next downloadview.View) downloadview.View {
		return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
			resp, err := next.Respond(r)
			if err != nil {
				return resp, err
			}
			query := r.URL.Query()
			resp.Name = query.Get("as")
			if query.Has("show") {
				resp.Disposition = downloadview.Inline
			}
			if path.Ext(resp.File.Name()) == ".log" {
				resp.ContentType = "text/plain"
			}
			if strings.HasPrefix(resp.File.Name(), "assets/") {
				resp.CacheControl = "public, max-age=31536000, immutable"
			}
			return resp.WithHeader("X-Request-Id", r.Header.Get("X-Request-Id")), nil
		})
	}
	files := downloadview.StorageView{Storage: folder(map[string]string{"assets/1.log": "x", "2.pdf": "%PDF"})}
	h := mount(asked(files), nil)

	printHeader(h, "/files/assets/1.log?show", "Content-Disposition", "Content-Type", "Cache-Control")
	printHeader(h, "/files/2.pdf?as=Two.pdf", "Content-Disposition", "Content-Type", "Cache-Control")
	// Output:
	// 200
	//   Content-Disposition: inline; filename="1.log"
	//   Content-Type: text/plain; charset=utf-8
	//   Cache-Control: public, max-age=31536000, immutable
	// 200
	//   Content-Disposition: attachment; filename="Two.pdf"
	//   Content-Type: application/pdf
	//   Cache-Control: private, no-cache
}

// With CheckFirst the handler looks for the file before nginx is told to send it. If
// the file is missing, the application answers, not nginx. This costs time, so a view
// may set it for some requests only.
func ExampleResponse_checkFirst() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	root, err := os.OpenRoot(dir)
	if err != nil {
		panic(err)
	}
	defer root.Close()
	nginx, err := accel.New(accel.Nginx(), []accel.Rule{{Source: dir, Destination: "/_media/"}}, nil)
	if err != nil {
		panic(err)
	}

	blind := downloadview.StorageView{Storage: disk.New(root, nil)}
	looking := downloadview.StorageView{Storage: disk.New(root, nil), Response: downloadview.Response{CheckFirst: true}}
	var lookingAtUploads downloadview.Middleware = func(next downloadview.View) downloadview.View {
		return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
			resp, err := next.Respond(r)
			resp.CheckFirst = strings.HasPrefix(r.URL.Path, "/files/uploads/")
			return resp, err
		})
	}

	for _, v := range []downloadview.View{blind, looking, lookingAtUploads(blind)} {
		h := downloadview.Use(nginx.Middleware)(mount(v, nil))
		printHeader(h, "/files/missing.txt", "X-Accel-Redirect")
		printHeader(h, "/files/uploads/missing.txt", "X-Accel-Redirect")
	}
	// Output:
	// 200
	//   X-Accel-Redirect: /_media/missing.txt
	// 200
	//   X-Accel-Redirect: /_media/uploads/missing.txt
	// 404
	// 404
	// 200
	//   X-Accel-Redirect: /_media/missing.txt
	// 404
}

// The error hook writes the page for an error. err is for the log, not for clients.
func ExampleOptions_error() {
	options := &downloadview.Options{
		Error: func(w http.ResponseWriter, r *http.Request, status int, err error) {
			switch status {
			case http.StatusNotFound:
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				w.WriteHeader(status)
				fmt.Fprint(w, "<h1>That file has moved</h1>")
			case http.StatusForbidden:
				http.Redirect(w, r, "/login?next="+r.URL.EscapedPath(), http.StatusSeeOther)
			default:
				http.Error(w, http.StatusText(status), status)
			}
		},
	}
	files := downloadview.StorageView{
		Storage: folder(nil),
		Key: func(r *http.Request) (string, error) {
			if key := r.PathValue("path"); key != "payroll.txt" {
				return key, nil
			}
			return "", &downloadview.StatusError{Status: http.StatusForbidden}
		},
	}

	show(mount(files, options), "GET", "/files/a.txt")
	printHeader(mount(files, options), "/files/payroll.txt", "Location")
	// Output:
	// 404
	// <h1>That file has moved</h1>
	// 303
	//   Location: /login?next=/files/payroll.txt
}

// The hook for 304 changes the header of an answer without a body.
func ExampleOptions_notModified() {
	options := &downloadview.Options{
		NotModified: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Saved", "one download")
		},
	}
	f := downloadview.FromString("price.txt", "tea,2", &downloadview.Attributes{ETag: `"v1"`})
	view := downloadview.ViewFunc(func(*http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: f}, nil
	})

	r := httptest.NewRequest("GET", "/price.txt", nil)
	r.Header.Set("If-None-Match", `"v1"`)
	w := httptest.NewRecorder()
	downloadview.NewHandler(view, options).ServeHTTP(w, r)
	fmt.Println(w.Code, w.Header().Get("X-Saved"))
	// Output:
	// 304 one download
}
