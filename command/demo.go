package command

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"

	"nod/config"
	"nod/server"
)

// runDemo is nod demo.
func runDemo(ctx context.Context, args []string, getenv config.Lookup, stdout, stderr io.Writer) error {
	if onlyHelp(args) {
		_, err := fmt.Fprint(stdout, demoUsage)
		return err
	}
	open, lan, err := demoArguments(args)
	if err != nil {
		return err
	}
	getenv, logger, err := withLog(getenv, stderr)
	if err != nil {
		return err
	}
	c, err := config.Demo(getenv)
	begin(logger, phones(c, err)...)
	if err != nil {
		return err
	}
	c.StopFactor, c.Build, c.LAN = stopFactor, build(), lan
	return server.RunDemo(ctx, c, open, stdout, logger)
}

// lanPort is that of --lan without an address.
const lanPort = ":3002"

// demoArguments are how the stage is opened, and where an audience finds its phones: ""
// for nowhere, without a host at this machine's own address.
func demoArguments(args []string) (open func(address string), lan string, err error) {
	open = openBrowser
	for _, arg := range args {
		named, isNamed := strings.CutPrefix(arg, "--lan=")
		switch {
		case arg == "--no-browser":
			open = func(string) {}
		case arg == "--lan":
			lan = lanPort
		case isNamed && isOneAddress(named):
			lan = named
		case isNamed:
			return nil, "", fmt.Errorf("%w: %s: want one address of this machine and a port, such as --lan=192.168.1.5%s", errUsage, arg, lanPort)
		default:
			return nil, "", unknown(append([]string{"demo"}, args...))
		}
	}
	return open, lan, nil
}

// isOneAddress says whether text is an address and a port, or a port alone: not a name,
// nor every address of the machine.
func isOneAddress(text string) bool {
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	ip, _ := netip.ParseAddr(host)
	return err == nil && (host == "" || ip.IsValid() && !ip.IsUnspecified())
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
