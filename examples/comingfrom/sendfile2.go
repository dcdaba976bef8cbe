package comingfrom

import (
	"net/http"
	"os"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/accel"
	"github.com/downloadview/downloadview/storage/disk"
)

// loginRequired refuses requests of users who are not signed in.
func loginRequired(signedIn func(*http.Request) bool) downloadview.Middleware {
	return func(next downloadview.View) downloadview.View {
		return downloadview.ViewFunc(func(r *http.Request) (downloadview.Response, error) {
			if !signedIn(r) {
				return downloadview.Response{}, &downloadview.StatusError{Status: http.StatusForbidden}
			}
			return next.Respond(r)
		})
	}
}

func secret(root *os.Root) downloadview.ViewFunc {
	files := disk.New(root, nil)
	return func(r *http.Request) (downloadview.Response, error) {
		f, err := files.File("my_secret.txt")
		return downloadview.Response{File: f, ContentType: "text/plain", Disposition: downloadview.Inline}, err
	}
}

func protected(root *os.Root, signedIn func(*http.Request) bool) (http.Handler, error) {
	nginx, err := accel.New(accel.Nginx(), []accel.Rule{{
		Source:      root.Name(),      // SENDFILE_ROOT
		Destination: "/protected/",    // SENDFILE_URL
		Headers:     accel.PassSafety, // nginx sends our safety headers on
	}}, nil)
	if err != nil {
		return nil, err
	}
	view := loginRequired(signedIn)(secret(root))
	return downloadview.Use(nginx.Middleware)(downloadview.NewHandler(view, nil)), nil
}
