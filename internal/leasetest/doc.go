// Package leasetest holds write leases on files (fcntl(2), F_SETLEASE), as Samba
// and servers of NFS do.
package leasetest
