// Package scene has the test of a whole site: clients, an edge and three cache nodes of
// nginx, two processes of "downloadview serve", Swift with three storage nodes, and NATS
// with three servers for the leases of links and the ledger. "make tier" starts it.
package scene
