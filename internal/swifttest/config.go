//go:build linux

package swifttest

import (
	"fmt"
	"strings"
)

// kinds are the servers of a node.
var kinds = []string{"object", "container", "account"}

const commonConf = `[swift-hash]
swift_hash_path_suffix = x
swift_hash_path_prefix = x

[storage-policy:0]
name = p0
default = yes
`

// serverConf returns the configuration of one server of a node. With no workers
// it runs as a single process.
func serverConf(kind, dir, devices, user string, port int) string {
	return fmt.Sprintf(`[DEFAULT]
bind_ip = 127.0.0.1
bind_port = %d
swift_dir = %s
devices = %s
mount_check = false
workers = 0
user = %s
disable_fallocate = true
log_level = WARNING

[pipeline:main]
pipeline = %[5]s-server

[app:%[5]s-server]
use = egg:swift#%[5]s
`, port, dir, devices, user, kind)
}

// gatewayConf returns the configuration of the server with the S3 API. slo is
// for objects in several parts. The usual versioned_writes is left out, because
// it needs more than this cluster has.
//
// The gateway reads from the first available node, so a test knows which node
// serves. It tries a node again at once after the node refused a connection, so
// tests don't affect one another.
func gatewayConf(dir, user string, port, memcached int) string {
	var b strings.Builder
	fmt.Fprintf(&b, `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = %d
swift_dir = %s
workers = 0
user = %s
log_level = WARNING

[pipeline:main]
pipeline = catch_errors cache listing_formats s3api tempauth copy slo dlo proxy-server

[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
conn_timeout = 1
node_timeout = 5
error_suppression_interval = 0
sorting_method = affinity
read_affinity = r1z1=1, r1z2=2, r1z3=3

[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:%d

[filter:s3api]
use = egg:swift#s3api
location = %s
s3_acl = false
check_bucket_owner = false

[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = %s .admin
`, port, dir, user, memcached, region, secretKey)
	for _, name := range []string{"catch_errors", "listing_formats", "copy", "slo", "dlo"} {
		fmt.Fprintf(&b, "\n[filter:%s]\nuse = egg:swift#%[1]s\n", name)
	}
	return b.String()
}
