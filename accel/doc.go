// Package accel lets a proxy in front of the application send the bytes.
//
// The application still decides which client may have which file, and under which
// name and type. If a [Rule] covers the place where the file is, the application
// answers without the bytes: a header field tells the proxy which file to send:
//
//	a, err := accel.New(accel.Nginx(), []accel.Rule{{
//		Name:        "media",
//		Source:      "/srv/media",
//		Destination: "/_media/",
//	}}, nil)
//	…
//	handler = downloadview.Use(a.Middleware)(handler)
//
// Files that no rule covers are streamed by this process, as they are without an
// accelerator. Only the application sets rules: nothing in a request chooses or
// changes one.
package accel
