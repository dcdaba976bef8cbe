// Package accel lets a proxy in front of the application send the bytes.
//
// The application still decides who may have which file, under which name and
// type. Where a [Rule] covers the place the file lives in, the answer carries
// no bytes but a header field that tells the proxy which file to send:
//
//	a, err := accel.New(accel.Nginx(), accel.Rule{
//		Name:        "media",
//		Source:      "/srv/media",
//		Destination: "/_media/",
//	})
//	…
//	handler = downloadview.Use(a.Middleware)(handler)
//
// What no rule covers is streamed by this process, as it was before. Rules come
// from the application alone: nothing in a request chooses or changes one.
package accel
