// Package ledger tests the entries of downloads in SQLite and PostgreSQL, and shows how a
// program opens them. The drivers are modules of the examples, and not of the library.
package ledger
