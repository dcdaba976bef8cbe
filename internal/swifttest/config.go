package swifttest

import (
	"fmt"
	"strings"
)

// kinds are the servers of a node.
var kinds = []string{"object", "container", "account"}

const common = `[swift-hash]
swift_hash_path_suffix = x
swift_hash_path_prefix = x

[storage-policy:0]
name = p0
default = yes
`

// serverConf is that of one server of a node.
func serverConf(dir, kind string, node, port int) string {
	return fmt.Sprintf(`[DEFAULT]
bind_ip = 127.0.0.1
bind_port = %d
swift_dir = %s
devices = %s/n%d
mount_check = false
workers = 0
user = nobody
disable_fallocate = true
log_level = WARNING

[pipeline:main]
pipeline = %s-server

[app:%s-server]
use = egg:swift#%s
`, port, dir, dir, node, kind, kind, kind)
}

// proxyConf is that of the server that speaks S3. versioned_writes would need
// more of them; slo is what makes objects in several parts possible.
func proxyConf(dir string, port, memcached int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = %d
swift_dir = %s
workers = 0
user = nobody
log_level = WARNING

[pipeline:main]
pipeline = catch_errors cache listing_formats s3api tempauth copy slo dlo proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
conn_timeout = 1
node_timeout = 5
error_suppression_interval = 1

[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:%d

[filter:s3api]
use = egg:swift#s3api
location = us-east-1
s3_acl = false
check_bucket_owner = false

[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
`, port, dir, memcached)
	for _, name := range []string{"catch_errors", "listing_formats", "copy", "slo", "dlo"} {
		fmt.Fprintf(&b, "\n[filter:%s]\nuse = egg:swift#%s\n", name, name)
	}
	return b.String()
}
