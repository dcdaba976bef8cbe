package nginx

// actingFields are those by which an answer acts on a client beyond its own bytes:
// on the site's data, other pages, later requests and connections, or by telling
// more of what answers. An object's owner, or a gateway before the store, may have
// set them, and they are the application's alone to say.
//
// nginx has no list of what passes: proxy_hide_header takes whole names, no
// prefixes, and X-Accel-Redirect, which does keep only a few fields, would have to
// come from the store. So the known ones are hidden by name, and what else a store
// sends passes; see Hidden of accel.Signed.
var actingFields = []string{
	// The site's data, workers and later requests.
	"Accept-CH",
	"Activate-Storage-Access",
	"Clear-Site-Data",
	"Critical-CH",
	"Delegate-CH",
	"NEL",
	"No-Vary-Search",
	"Origin-Agent-Cluster",
	"Origin-Trial",
	"Public-Key-Pins",
	"Public-Key-Pins-Report-Only",
	"Report-To",
	"Reporting-Endpoints",
	"Service-Worker-Allowed",
	"Service-Worker-Navigation-Preload",
	"Set-Cookie2",
	"Set-Login",
	"Speculation-Rules",
	"Supports-Loading-Mode",
	"Use-As-Dictionary",

	// Where else to go, and what to load.
	"Content-Base",
	"Content-Location",
	"Location",
	"Refresh",
	"SourceMap",
	"URI",
	"X-SourceMap",

	// How the answer is treated.
	"Access-Control-Allow-Headers",
	"Access-Control-Allow-Methods",
	"Access-Control-Allow-Private-Network",
	"Access-Control-Max-Age",
	"Content-Security-Policy-Report-Only",
	"Cross-Origin-Embedder-Policy-Report-Only",
	"Cross-Origin-Opener-Policy-Report-Only",
	"Document-Policy",
	"Document-Policy-Report-Only",
	"Document-Isolation-Policy",
	"Expect-CT",
	"Feature-Policy",
	"Integrity-Policy",
	"Integrity-Policy-Report-Only",
	"Permissions-Policy-Report-Only",
	"Require-Document-Policy",
	"X-Content-Security-Policy",
	"X-DNS-Prefetch-Control",
	"X-Download-Options",
	"X-Permitted-Cross-Domain-Policies",
	"X-UA-Compatible",
	"X-WebKit-CSP",
	"X-XSS-Protection",

	// Advertising.
	"Ad-Auction-Allowed",
	"Attribution-Reporting-Register-Source",
	"Attribution-Reporting-Register-Trigger",
	"Observe-Browsing-Topics",
	"Shared-Storage-Write",

	// Who is asked, and how.
	"Authentication-Info",
	"Keep-Alive",
	"Proxy-Authenticate",
	"Proxy-Authentication-Info",
	"Proxy-Connection",
	"Proxy-Status",
	"Retry-After",
	"Trailer",
	"Upgrade",
	"WWW-Authenticate",

	// Other proxies than this one may act on these.
	"CDN-Cache-Control",
	"Edge-Control",
	"Pragma",
	"Surrogate-Control",
	"X-LIGHTTPD-send-file",
	"X-Reproxy-URL",
	"X-Sendfile",
	"X-Sendfile2",

	// Digests of other bytes than may be sent.
	"Content-Digest",
	"Content-MD5",
	"Digest",

	// What answers.
	"Age",
	"Via",
	"Warning",
	"X-AspNet-Version",
	"X-Cache",
	"X-Cache-Hits",
	"X-Generator",
	"X-Served-By",
	"X-Varnish",
}
