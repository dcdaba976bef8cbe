package routers

import (
	"net/http"

	"github.com/gin-contrib/gzip"
	"github.com/gin-gonic/gin"

	"github.com/downloadview/downloadview"
)

func onGin(storage downloadview.Storage, mw downloadview.Middleware, index http.Handler) http.Handler {
	r := gin.New()
	r.Use(gin.Recovery())
	files := downloadview.StorageView{Storage: storage, Key: downloadview.PathKey("/files/")}
	r.Any("/files/*path", gin.WrapH(downloadview.NewHandler(files, nil))) // GET would refuse HEAD
	r.POST("/invoices/:id", func(c *gin.Context) {
		f, err := storage.File(c.Param("id") + ".pdf")
		if err != nil {
			c.AbortWithError(http.StatusNotFound, err)
			return
		}
		downloadview.Send(c.Writer, c.Request, downloadview.Response{File: f, Name: "Invoice.pdf"})
	})
	pages := r.Group("/", gzip.Gzip(gzip.DefaultCompression)) // for pages only
	pages.GET("/", gin.WrapH(index))
	return downloadview.Use(mw)(r) // gin's own middleware has another type
}
