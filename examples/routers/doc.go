// Package routers has one application under four routers: net/http, chi, gin and
// echo. Its tests show what each router does to downloads. docs/routers.md
// quotes it.
package routers
