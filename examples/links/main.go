// Command links gives out invoices that can be downloaded once. The link in the mail
// leads to a page, and only its button starts the download that counts: a scanner of
// mails that follows the link doesn't use it up.
package main

import (
	"fmt"
	"html/template"
	"log"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/middleware"
	"github.com/downloadview/downloadview/middleware/memlease"
	"github.com/downloadview/downloadview/storage/disk"
)

type shop struct {
	links    *middleware.Links
	invoices downloadview.View
	until    time.Time // when all links expire; a program has it in its database
}

func newShop(keys *middleware.Keys, root *os.Root) *shop {
	return &shop{
		links: middleware.NewLinks(keys, &middleware.LinksOptions{
			// Several processes would share the leases in Redis or NATS.
			Leases: middleware.NewLeases(memlease.New(nil), nil),
		}),
		invoices: &downloadview.StorageView{Storage: disk.New(root, nil), Key: downloadview.PathKey("/invoices/")},
		until:    time.Now().Add(30 * 24 * time.Hour),
	}
}

// mail returns the link for a mail, which is not counted.
func (s *shop) mail(invoice string) (string, error) {
	return s.links.Sign((&url.URL{Path: "/mail/" + invoice}).String(), middleware.Grant{Expires: s.until})
}

func (s *shop) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /mail/{invoice}", s.links.Handler(http.HandlerFunc(s.page)))
	mux.HandleFunc("POST /start", s.start)
	mux.Handle("GET /invoices/{invoice}", s.links.Handler(downloadview.NewHandler(s.invoices, nil)))
	return mux
}

var page = template.Must(template.New("page").Parse(`<!doctype html>
<title>Your invoice</title>
<form method="post" action="/start"><button name="link" value="{{.}}">Download, once</button></form>
`))

// page shows the button. A mail that is sent again has the same invoice, and so the same
// count.
func (s *shop) page(w http.ResponseWriter, r *http.Request) {
	invoice := r.PathValue("invoice")
	link, err := s.links.Sign((&url.URL{Path: "/invoices/" + invoice}).String(), middleware.Grant{Expires: s.until, Times: 1, ID: invoice})
	if err != nil {
		log.Print(err)
		downloadview.WriteError(w, r, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := page.Execute(w, link); err != nil {
		log.Print(err)
	}
}

// start leads to the download. The link it gets is from the form, so it is followed only
// if it is one of this site.
func (s *shop) start(w http.ResponseWriter, r *http.Request) {
	link := r.PostFormValue("link")
	if !strings.HasPrefix(link, "/invoices/") {
		downloadview.WriteError(w, r, http.StatusBadRequest)
		return
	}
	http.Redirect(w, r, link, http.StatusSeeOther)
}

func main() {
	keys, err := middleware.ReadKeys("/etc/shop/links.keys") // "downloadview key new" makes it
	if err != nil {
		log.Fatal(err)
	}
	root, err := os.OpenRoot("/srv/invoices")
	if err != nil {
		log.Fatal(err)
	}
	s := newShop(keys, root)
	link, err := s.mail("17.pdf")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("http://127.0.0.1:8080" + link)
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", s.handler()))
}
