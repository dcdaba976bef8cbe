package comingfrom

import (
	"net/http"

	"github.com/downloadview/downloadview"
)

// report sends the report that the path of the request names, under a name of its own.
func report(reports downloadview.Storage) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f, err := reports.File(r.PathValue("year") + "/report.pdf")
		if err != nil {
			http.NotFound(w, r)
			return
		}
		downloadview.Send(w, r, downloadview.Response{File: f, Name: "Report " + r.PathValue("year") + ".pdf"})
	}
}

// media serves all files of a storage, which browsers may show.
func media(files downloadview.Storage) http.Handler {
	inline := func(next downloadview.View) downloadview.View {
		return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
			resp, err := next.Respond(r)
			resp.Disposition = downloadview.Inline
			return resp, err
		})
	}
	return downloadview.NewHandler(inline(downloadview.StorageView{Storage: files}), nil)
}
