package routers

import (
	"net/http"

	"github.com/downloadview/downloadview"
)

func onNetHTTP(storage downloadview.Storage, mw downloadview.Middleware, index http.Handler) http.Handler {
	mux := http.NewServeMux()
	files := downloadview.StorageView{Storage: storage} // its key is the value of {path...}
	mux.Handle("/files/{path...}", downloadview.NewHandler(files, nil))
	mux.HandleFunc("POST /invoices/{id}", func(w http.ResponseWriter, r *http.Request) {
		f, err := storage.File(r.PathValue("id") + ".pdf")
		if err != nil {
			http.NotFound(w, r)
			return
		}
		downloadview.Send(w, r, downloadview.Response{File: f, Name: "Invoice.pdf"})
	})
	mux.Handle("/{$}", index)
	return downloadview.Use(mw)(mux)
}
