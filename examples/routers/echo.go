package routers

import (
	"net/http"

	"github.com/labstack/echo/v5"
	"github.com/labstack/echo/v5/middleware"

	"github.com/downloadview/downloadview"
)

func onEcho(storage downloadview.Storage, mw downloadview.Middleware, index http.Handler) http.Handler {
	e := echo.New()
	e.Use(middleware.Recover(), echo.WrapMiddleware(downloadview.Use(mw)))
	files := downloadview.StorageView{Storage: storage, Key: downloadview.PathKey("/files/")}
	e.Any("/files/*", echo.WrapHandler(downloadview.NewHandler(files, nil))) // GET would refuse HEAD
	e.POST("/invoices/:id", func(c *echo.Context) error {
		f, err := storage.File(c.Param("id") + ".pdf")
		if err != nil {
			return echo.ErrNotFound
		}
		downloadview.Send(c.Response(), c.Request(), downloadview.Response{File: f, Name: "Invoice.pdf"})
		return nil
	})
	pages := e.Group("", middleware.Gzip()) // for pages only
	pages.GET("/", echo.WrapHandler(index))
	return e
}
