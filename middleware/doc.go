// Package middleware has middleware for views: functions of the type
// [downloadview.Middleware], which change the response of a view before its file is
// opened. Such a function wraps one view or, in [downloadview.Use], all views below
// an http.Handler. What also concerns plain handlers, such as [Links], which sign and
// verify links, and [DownloadLimit], is ordinary http middleware.
package middleware
