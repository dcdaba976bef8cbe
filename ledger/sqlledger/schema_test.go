package sqlledger

import (
	"os"
	"strings"
	"testing"
)

// The page shows the tables as they are. Package examples/ledger tests the store, with the
// drivers of databases.
func TestPageHasTheSchema(t *testing.T) {
	page, err := os.ReadFile("../../docs/ledger.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "```sql\n"+schema+"```\n") {
		t.Errorf("docs/ledger.md doesn't have the tables of schema.sql:\n%s", schema)
	}
}
