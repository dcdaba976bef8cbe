package command

// configure is the command "downloadview config". Any argument but "check" is
// the server whose configuration is printed.
type configure struct {
	Check checkConfig `cmd:"" help:"Check a configuration file of downloadview."`
	Print printConfig `cmd:"" default:"withargs" help:"Print the configuration of the proxy in front, such as \"downloadview config nginx\"."`
}
