package nginx

import (
	"net/http"

	"github.com/downloadview/downloadview/internal/proxies/room"
)

// again says how to print the configuration of a node.
const again = "print the configuration of NODE from the same file and by the same version as that of the edge: `downloadview config nginx --tier cache --listen NODE --config FILE`"

// nodeFaults are the known faults of cache nodes.
var nodeFaults = []room.Fault{
	{
		Fits:   func(ev room.Evidence) bool { return ev.NodeFault == room.EdgeSilent },
		Cause:  "the configuration of the edge is older than this version, or the rule of LOCATION has no cache there, or the application streams the file, or a proxy in front of the edge removes " + tierField,
		Change: "print the configuration of the edge again: `downloadview config nginx --config FILE`",
	},
	{
		Fits:   func(ev room.Evidence) bool { return ev.NodeFault == room.NodeSilent },
		Cause:  "the edge doesn't reach the cache node NODE: it is down, it listens on another address, or the network between them blocks the connection; other nodes do its work",
		Change: "start nginx on NODE; or make its `listen` and the edge's `server NODE` in `upstream downloadview_caches` (cache_nodes) equal; or allow connections from the edge to NODE",
	},
	{
		Fits:   func(ev room.Evidence) bool { return ev.NodeFault == room.NodeHangsUp },
		Cause:  "the cache node NODE takes requests of the edge and gives no answer: it can't write to the folder of its cache, because its user has no right or the disk is full; or it waits for the store; other nodes do its work",
		Change: "look at the error log of NODE: give nginx's `user` the folders of `proxy_cache_path`, with room for their max_size; or allow connections from NODE to HOST",
	},
	{
		Fits:   func(ev room.Evidence) bool { return ev.NodeFault == room.NodeUnasked },
		Cause:  "the edge doesn't ask the cache node NODE: it isn't in the edge's list, or it fails for other clients all the time, and the edge leaves it out",
		Change: "add `server NODE` to `upstream downloadview_caches` of each edge, by cache_nodes: print the configuration of the edges again; or start nginx on NODE",
	},
	{
		Fits:   func(ev room.Evidence) bool { return ev.NodeFault == room.NodeUnseen },
		Cause:  "downloads fail that no other cache node sends: NODE refuses the edge, or has no location LOCATION, or doesn't reach the store. Since the application hands files over without a look at them, the edge doesn't say more",
		Change: "add the edge's address to `edges`, or " + again + "; or allow connections from NODE to HOST; look at the error log of NODE",
	},
	{
		Fits:   func(ev room.Evidence) bool { return ev.NodeFault == room.NodeUnknown },
		Cause:  "the edge has a cache node NODE that the doctor was not told of",
		Change: "remove `server NODE` from `upstream downloadview_caches` of the edge, or add it to cache_nodes",
	},
	{
		Fits: func(ev room.Evidence) bool {
			return ev.NodeFault == room.NodeFails && ev.Passage.Node.Status == http.StatusForbidden && ev.Passage.Cached == ""
		},
		Cause:  "the cache node NODE refuses the edge: the edge's address is not in its `allow` lines",
		Change: "add the address from which the edge connects to `edges`, and print the configuration of NODE again (`allow ADDRESS;` before `deny all;`)",
	},
	{
		Fits: func(ev room.Evidence) bool {
			return ev.NodeFault == room.NodeFails && ev.Passage.Node.Status == http.StatusNotFound && ev.Passage.Cached == ""
		},
		Cause:  "the cache node NODE has no location LOCATION: its rules are others than those of the edge",
		Change: again,
	},
	{
		Fits: func(ev room.Evidence) bool {
			return ev.NodeFault == room.NodeFails && ev.Passage.Node.Status == http.StatusInternalServerError && ev.Passage.Cached == ""
		},
		Cause:  "the cache node NODE finds no URL to fetch: it reads another field than " + URLField + ", in which the edge sends it",
		Change: "set `proxy_pass $http_x_download_url;` in `location LOCATION` of NODE: " + again,
	},
	{
		Fits: func(ev room.Evidence) bool {
			return ev.NodeFault == room.NodeFails && ev.Passage.Node.Status < http.StatusInternalServerError
		},
		Cause:  "the store refuses the signed URL to the cache node NODE: NODE changes the URL or the Host, or the store lets only some machines in",
		Change: "set `proxy_pass $http_x_download_url;` and `proxy_set_header Host $proxy_host;` in `location LOCATION` of NODE; or allow NODE at the store",
	},
	{
		Fits:   func(ev room.Evidence) bool { return ev.NodeFault == room.NodeFails },
		Cause:  "the cache node NODE doesn't reach the store: it has no resolver for HOST, or the network blocks the connection, or it doesn't trust the certificate; or it reads the URL from another field than " + URLField + "; or it can't write to the folders of its cache, because they are full or its user has no right",
		Change: "look at the error log of NODE: set `resolver ADDRESS;` there (resolvers), or allow connections from NODE to HOST, or correct proxy_ssl_trusted_certificate, or give nginx's `user` the folders of `proxy_cache_path`, with room",
	},
	{
		Fits:   func(ev room.Evidence) bool { return ev.NodeFault == room.NodeBreaksOff },
		Cause:  "the cache node NODE breaks downloads off: it can't write to the folder of its cache, because it is full or its user has no right; or the store breaks off",
		Change: "look at the error log of NODE: give nginx's `user` the folders of `proxy_cache_path`, with room for their max_size",
	},
	{
		Fits:   func(ev room.Evidence) bool { return ev.NodeFault == room.NodeMixes },
		Cause:  "the cache node NODE sends another file: its key is the same for several objects",
		Change: "set `proxy_cache_key $http_x_download_key;`, with slices `proxy_cache_key $http_x_download_key$slice_range;`, in `location LOCATION` of NODE, and empty its cache",
	},
	{
		Fits:   func(ev room.Evidence) bool { return ev.NodeFault == room.NodeUnprinted },
		Cause:  "the cache node NODE doesn't say by which key and in which pieces it keeps objects: its configuration is older than this version",
		Change: again,
	},
	{
		Fits:   func(ev room.Evidence) bool { return ev.NodeFault == room.NodeSlices && ev.Passage.Edge.Slice == 0 },
		Cause:  "the cache node NODE keeps objects in pieces, and the edge was printed for a rule without slice",
		Change: "remove `slice` from `location LOCATION` of NODE: " + again,
	},
	{
		Fits:   func(ev room.Evidence) bool { return ev.NodeFault == room.NodeSlices },
		Cause:  "the cache node NODE keeps objects in pieces of another size than the edge was printed for, or whole",
		Change: "set `slice SLICE;` in `location LOCATION` of NODE: " + again,
	},
	{
		Fits:   func(ev room.Evidence) bool { return ev.NodeFault == room.NodeRules },
		Cause:  "the cache node NODE has other settings for LOCATION than the edge was printed for, such as another proxy_cache_key, proxy_cache_valid or proxy_hide_header: its configuration is of another version, or of another rule",
		Change: again,
	},
	{
		Fits:   func(ev room.Evidence) bool { return ev.NodeFault == room.NodeMoves },
		Cause:  "the edge asks different cache nodes for the same file, and so does not find what NODE keeps: `hash` has something else than the name of the object in it, or several edges have different nodes",
		Change: "set `hash $downloadview_key consistent;` in `upstream downloadview_caches`, and print all edges from the same cache_nodes",
	},
	{
		Fits:   func(ev room.Evidence) bool { return ev.NodeFault == room.NodeForgets },
		Cause:  "the cache node NODE doesn't keep what it sent: its key has the signed URL in it, which is another one each time, or its cache can't be written",
		Change: "set `proxy_cache_key $http_x_download_key;`, with slices `proxy_cache_key $http_x_download_key$slice_range;`, in `location LOCATION` of NODE; or give nginx's `user` the folder of `proxy_cache_path`, with room for its max_size",
	},
}
