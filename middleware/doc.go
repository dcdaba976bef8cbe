// Package middleware has middleware for views: functions of the type
// [downloadview.Middleware], which change what a view decided before anything is
// opened. They wrap a single view, or stand in [downloadview.Use] for all below.
package middleware
