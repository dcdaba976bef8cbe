package nginx

// actingFields are the fields by which a store's answer affects more than the
// download: the site's data, other pages, later requests and connections; or by which
// it says more about the servers. Only the application may set them, but the owner of
// an object, or a gateway in front of the store, could have set them too.
//
// nginx can't list the fields to keep: proxy_hide_header takes whole names, not
// prefixes. X-Accel-Redirect keeps only a few fields, but it would have to come from
// the store. So the known fields are hidden by name, and other fields of the store
// reach the client; see Hidden of accel.Signed.
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

	// Authentication and connections.
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

	// Digests, possibly of other bytes than those that are sent.
	"Content-Digest",
	"Content-MD5",
	"Digest",

	// The servers and caches that answer.
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
