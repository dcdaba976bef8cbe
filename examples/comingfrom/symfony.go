package comingfrom

import (
	"net/http"
	"os"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/storage/disk"
)

// invoice sends a file under another name than it has on disk.
func invoice(root *os.Root) http.HandlerFunc {
	files := disk.New(root, nil)
	return func(w http.ResponseWriter, r *http.Request) {
		f, err := files.File("2026/0017.pdf")
		if err != nil {
			http.NotFound(w, r)
			return
		}
		downloadview.Send(w, r, downloadview.Response{
			File:         f,
			Name:         "Rechnung für März.pdf",
			CacheControl: "public, max-age=600",
		})
	}
}
