package routers

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/downloadview/downloadview"
)

func onChi(storage downloadview.Storage, mw downloadview.Middleware, index http.Handler) http.Handler {
	r := chi.NewRouter()
	r.Use(middleware.Recoverer, downloadview.Use(mw))
	files := downloadview.StorageView{Storage: storage, Key: downloadview.PathKey("/files/")}
	r.Handle("/files/*", downloadview.NewHandler(files, nil)) // Get would refuse HEAD
	r.Post("/invoices/{id}", func(w http.ResponseWriter, r *http.Request) {
		f, err := storage.File(chi.URLParam(r, "id") + ".pdf")
		if err != nil {
			http.NotFound(w, r)
			return
		}
		downloadview.Send(w, r, downloadview.Response{File: f, Name: "Invoice.pdf"})
	})
	r.Group(func(pages chi.Router) {
		pages.Use(middleware.Compress(5)) // for pages only
		pages.Method("GET", "/", index)
	})
	return r
}
