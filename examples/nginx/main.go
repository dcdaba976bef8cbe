// Command nginx decides which user may have a file, and lets nginx send it.
package main

import (
	"errors"
	"log"
	"net/http"
	"os"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/storage/disk"
)

func handler(root *os.Root) (http.Handler, error) {
	files := downloadview.StorageView{Storage: disk.New(root, nil)}
	mux := http.NewServeMux()
	mux.Handle("/media/{path...}", downloadview.NewHandler(membersOnly(files), nil))

	nginx, err := accel.New(accel.Nginx(), []accel.Rule{{
		Source:      root.Name(),
		Destination: "/_media/",       // the internal location below
		Headers:     accel.PassSafety, // it sends our safety headers on
	}}, nil)
	if err != nil {
		return nil, err
	}
	return downloadview.Use(nginx.Middleware)(mux), nil
}

func membersOnly(next downloadview.View) downloadview.View {
	return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
		if user, _, _ := r.BasicAuth(); user != "member" {
			return downloadview.Response{}, &downloadview.StatusError{
				Status: http.StatusUnauthorized,
				Err:    errors.New("not a member"),
				Header: http.Header{"Www-Authenticate": {`Basic realm="media"`}},
			}
		}
		return next.Respond(r)
	})
}

func main() {
	root, err := os.OpenRoot("/srv/media")
	if err != nil {
		log.Fatal(err)
	}
	h, err := handler(root)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", h))
}
