// Package deploy has no code. Its folder holds what runs downloadview on a machine: units
// of systemd, a Debian package, containers. Its tests run these.
package deploy
