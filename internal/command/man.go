package command

import (
	"github.com/alecthomas/kong"

	"github.com/downloadview/downloadview/internal/manpage"
)

// printManual is the command that packages make the manual page with.
type printManual struct{}

// Run prints the page.
func (printManual) Run(env *environment, line *kong.Kong) error {
	return manpage.Write(env.stdout, line.Model, version(),
		manpage.Section{Heading: "EXIT STATUS", Text: `0: success; for serve, also after a signal to stop.

1: a failure, such as a missing directory or a busy port. For doctor: it found something wrong.

2: a wrong command line or configuration file.`},
		manpage.Section{Heading: "SEE ALSO", Text: "The pages in docs of https://github.com/downloadview/downloadview: config.md, servers.md, links.md, buckets.md, troubleshooting.md."})
}
