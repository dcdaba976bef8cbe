package command

import (
	"html"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/downloadview/downloadview/internal/testserver"
)

// A click anywhere in a row hits the link of its name, at the width of a desktop and of
// a phone.
func TestRowsAreLinks(t *testing.T) {
	base, _ := serveIndex(t, holding([]entry{{"folder", true, -1, time.Time{}}, {"a.txt", false, 5, time.Unix(1e9, 0)}, {"b.txt", false, 7, time.Unix(1e9, 0)}}))
	_, body := get(t, base+"/sub/")
	const probe = `<script>
let seen = "";
for (const row of document.querySelectorAll("tbody tr")) {
	const box = row.getBoundingClientRect(), found = new Set;
	for (let x = box.left + 3; x < box.right - 2; x += 5) {
		const at = document.elementFromPoint(x, box.top + box.height / 2);
		found.add(at && at.closest("a") ? at.closest("a").getAttribute("href") : "none");
	}
	seen += [...found].join("+") + " ";
}
document.body.innerHTML = "<p id=seen>" + seen + innerWidth + "</p>";
</script>`
	page := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(page, []byte(strings.Replace(body, "</body>", probe+"</body>", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, width := range []string{"1280", "500"} { // chromium has no narrower window; the narrow style begins at 640
		out := testserver.Browse(t, "file://"+page, "--window-size="+width+",800")
		m := regexp.MustCompile(`<p id="seen">([^<]*)</p>`).FindStringSubmatch(out)
		if m == nil {
			t.Fatal(out)
		}
		if got, want := html.UnescapeString(m[1]), "../ ./folder/ ./a.txt ./b.txt "+width; got != want {
			t.Errorf("at the width of %s: %s, want %s", width, got, want)
		}
	}
}
