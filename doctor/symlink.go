package doctor

import (
	"context"
	"net/http"
	"os"
	"path/filepath"

	"github.com/downloadview/downloadview"
	"github.com/downloadview/downloadview/internal/proxies/room"
)

// checkSymlinks creates a link with an absolute path, which a local storage doesn't
// follow. The link leads to a canary file, so it exposes nothing.
func (e *exam) checkSymlinks(ctx context.Context) {
	const name = "proxy-symlinks"
	if len(e.made) == 0 {
		e.skip(name, "needs canary files")
		return
	}
	if _, src, _ := e.handover(ctx, e.plain.key); src.Scheme != "" && src.Scheme != "file" {
		e.skip(name, "the storage is not a local one")
		return
	}
	link, err := downloadview.Path(e.Storage, e.folder+linkName)
	if err != nil {
		e.skip(name, "the storage is not a local one")
		return
	}
	target := filepath.Join(filepath.Dir(link), plainName)
	if err := os.Symlink(target, link); err != nil {
		e.skip(name, "no symbolic link can be made here")
		return
	}
	defer os.Remove(link)
	if a := e.directly(ctx, canary{key: e.folder + linkName}); a.status == http.StatusNotFound || a.status == http.StatusForbidden {
		e.ok(name, "the application looks at files before it hands them over, and refuses this link")
		return
	}
	a := e.get(ctx, e.folder+linkName)
	if a.status == http.StatusOK && a.body == e.plain.content {
		ev := e.evidence(ctx, e.plain, a, e.direct)
		e.warn(name, ev.of(room.LinksFollowed), "%v for a link that the storage doesn't follow", a)
		return
	}
	e.ok(name, "%v for a link that the storage doesn't follow", a)
}
