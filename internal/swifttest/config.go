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

// serverConf is that of one server of a node. Without workers it is a single
// process.
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

// gatewayConf is that of the server that speaks S3. slo is for objects in
// several parts; versioned_writes, which is usual, needs more than is here.
//
// It reads from the first node that is there, so that a test knows which one
// serves. A node that refused is asked again at once, so that what a test sees
// does not hang on the test before it.
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
