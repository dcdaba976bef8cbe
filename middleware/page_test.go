package middleware_test

import (
	"net/http"
	"time"

	"github.com/downloadview/downloadview/middleware"
)

// The code of docs/links.md.
func pageCookie(w http.ResponseWriter, links *middleware.Links) error {
	cookie, err := links.Cookie("/videos/a/", middleware.Grant{Expires: time.Now().Add(4 * time.Hour)})
	if err != nil {
		return err
	}
	http.SetCookie(w, cookie)
	return nil
}

var _ = pageCookie
