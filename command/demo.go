package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"

	"nod/config"
	"nod/server"
)

// runDemo is nod demo.
func runDemo(ctx context.Context, args []string, getenv config.Lookup, stdout, stderr io.Writer) error {
	if onlyHelp(args) {
		_, err := fmt.Fprint(stdout, demoUsage)
		return err
	}
	const noBrowser = "--no-browser"
	open := openBrowser
	if slices.Equal(args, []string{noBrowser}) {
		open = func(string) {}
	} else if len(args) > 0 {
		return unknown(append([]string{"demo"}, args...))
	}
	getenv, logger, err := withLog(getenv, stderr)
	if err != nil {
		return err
	}
	begin(logger)
	c, err := config.Demo(getenv)
	if err != nil {
		return err
	}
	c.StopFactor, c.Build = stopFactor, build()
	return server.RunDemo(ctx, c, open, stdout, logger)
}

// openBrowser opens an address where there is a browser to open it. Where there is
// none, the address has been printed.
func openBrowser(address string) {
	var by []string
	switch {
	case runtime.GOOS == "darwin":
		by = []string{"open"}
	case runtime.GOOS == "windows":
		by = []string{"rundll32", "url.dll,FileProtocolHandler"}
	case os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != "":
		by = []string{"xdg-open"}
	default:
		return
	}
	browser := exec.Command(by[0], append(by[1:], address)...)
	if browser.Start() == nil {
		go func() { _ = browser.Wait() }()
	}
}
