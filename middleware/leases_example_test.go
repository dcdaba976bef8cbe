package middleware_test

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/middleware/memlease"
)

// An invoice that can be downloaded once: the customer may break off and come back, but
// nobody else gets it.
func ExampleNewLeases() {
	links := middleware.NewLinks(exampleKeys, &middleware.LinksOptions{
		Leases: middleware.NewLeases(memlease.New(nil), nil),
	})
	invoice := downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromString("17.pdf", "%PDF-1.7 …", nil), ETag: `"17"`}, nil
	})
	h := links.Handler(downloadview.NewHandler(invoice, nil))
	link, err := links.Sign("/invoices/17", middleware.Grant{
		Expires: time.Now().Add(30 * 24 * time.Hour),
		Times:   1,
		ID:      "invoice 17", // a reminder with another link to it doesn't allow another download
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	get := func(who, client, method, byteRange string) {
		r := httptest.NewRequest(method, link, nil)
		r.RemoteAddr = client
		if byteRange != "" {
			r.Header.Set("Range", byteRange)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(who, method, w.Code)
	}
	get("preview", "198.51.100.9:1000", "HEAD", "")
	get("customer", "192.0.2.1:1000", "GET", "")
	get("customer", "192.0.2.1:1001", "GET", "bytes=5-")
	get("stranger", "203.0.113.1:1000", "GET", "")
	// Output:
	// preview HEAD 200
	// customer GET 200
	// customer GET 206
	// stranger GET 403
}

// A landing page. The link in the mail shows a page, and only its button leads to the
// download that counts: scanners of mails follow links, but don't post forms.
func ExampleLeases() {
	links := middleware.NewLinks(exampleKeys, &middleware.LinksOptions{
		Leases: middleware.NewLeases(memlease.New(nil), nil),
	})
	// Both links expire at the same time, since the count is forgotten afterwards.
	until := time.Now().Add(30 * 24 * time.Hour)

	page := template.Must(template.New("").Parse(`<form method="post" action="/start"><button name="link" value="{{.}}">Download</button></form>`))
	mux := http.NewServeMux()
	mux.Handle("GET /mail/{id}", links.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		counted, err := links.Sign("/invoices/"+id, middleware.Grant{Expires: until, Times: 1, ID: id})
		if err != nil {
			downloadview.WriteError(w, r, http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = page.Execute(w, counted)
	})))
	mux.HandleFunc("POST /start", func(w http.ResponseWriter, r *http.Request) {
		link := r.PostFormValue("link")
		if !strings.HasPrefix(link, "/invoices/") { // never to another site
			downloadview.WriteError(w, r, http.StatusBadRequest)
			return
		}
		http.Redirect(w, r, link, http.StatusSeeOther)
	})
	mux.Handle("GET /invoices/{id}", links.Handler(downloadview.NewHandler(downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		return downloadview.Response{File: downloadview.FromString("17.pdf", "%PDF-1.7 …", nil)}, nil
	}), nil)))

	send := func(client string, r *http.Request) *httptest.ResponseRecorder {
		r.RemoteAddr = client
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return w
	}
	inMail, err := links.Sign("/mail/17", middleware.Grant{Expires: until})
	if err != nil {
		fmt.Println(err)
		return
	}
	const scanner, customer = "198.51.100.9:1000", "192.0.2.1:1000"
	fmt.Println("scanner:", send(scanner, httptest.NewRequest("GET", inMail, nil)).Code)

	shown := send(customer, httptest.NewRequest("GET", inMail, nil)).Body.String()
	_, value, _ := strings.Cut(shown, `value="`)
	value, _, _ = strings.Cut(value, `"`)
	form := url.Values{"link": {strings.ReplaceAll(value, "&amp;", "&")}}
	post := httptest.NewRequest("POST", "/start", strings.NewReader(form.Encode()))
	post.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	started := send(customer, post)
	fmt.Println("button:", started.Code)
	fmt.Println("download:", send(customer, httptest.NewRequest("GET", started.Header().Get("Location"), nil)).Code)
	// Output:
	// scanner: 200
	// button: 303
	// download: 200
}

// A table stands for one in a database, with a row for each lease. Its users would lock
// the rows of an ID by a transaction.
type table struct {
	mu   sync.Mutex
	rows map[string][]row // by ID
}

type row struct {
	holder              string
	end                 time.Time
	provisional, lapsed bool
}

func (s *table) Lease(ctx context.Context, q middleware.LeaseRequest) (middleware.LeaseState, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	counted, uncounted := 0, 0
	rows := s.rows[q.ID]
	for i := range rows {
		l := &rows[i]
		runs := now.Before(l.end)
		l.lapsed = l.lapsed || l.provisional && !runs
		switch {
		case l.holder == q.Holder && runs:
			if l.end.Sub(now) < q.TTL/2 {
				l.end = now.Add(q.TTL)
			}
			return middleware.LeaseSame, ctx.Err()
		case l.provisional:
			uncounted++
		}
		if !l.lapsed {
			counted++
		}
	}
	if counted >= q.Times || ctx.Err() != nil {
		return middleware.LeaseUsedUp, ctx.Err()
	}
	s.rows[q.ID] = append(rows, row{q.Holder, now.Add(q.TTL), uncounted < q.Provisional, false})
	return middleware.LeaseNew, nil
}

func (s *table) Complete(ctx context.Context, id, holder string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.rows[id] {
		if l := &s.rows[id][i]; l.holder == holder && time.Now().Before(l.end) {
			l.provisional = false
		}
	}
	return ctx.Err()
}

// A store of one's own. Test it with package middleware/leasetest, as this one is.
func ExampleLeaseStore() {
	store := &table{rows: map[string][]row{}}
	links := middleware.NewLinks(exampleKeys, &middleware.LinksOptions{Leases: middleware.NewLeases(store, nil)})
	h := links.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "…") }))
	link, err := links.Sign("/a", middleware.Grant{Expires: time.Now().Add(time.Hour), Times: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, client := range []string{"192.0.2.1:1", "192.0.2.2:1", "192.0.2.1:1", "192.0.2.3:1"} {
		r := httptest.NewRequest("GET", link, nil)
		r.RemoteAddr = client
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// 200
	// 200
	// 200
	// 403
}
