package command

import (
	"fmt"
	"io"
	"text/tabwriter"

	"nod/config"
)

const commands = `nod                    the application; without an Authy key the phones are simulated
nod simulator          only the simulator, for Authy applications in any language (--help says more)
nod check URL          open a running Nod through its public address and say what a proxy breaks
nod version            the version, the commit and the Go that built it
nod -h                 this text
`

const checkUsage = `nod check URL

opens a running Nod through its public address, such as https://nod.example.com,
as a browser does, and says what a proxy in between breaks. It signs nobody in and
takes up to 75 s. URL ends after the host and port, as PUBLIC_URL does.

Exit status: 0 if everything works, 1 if something is broken or the check was
interrupted, 2 if URL cannot be used.
`

// printUsage prints the commands and the table of settings.
func printUsage(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "Nod: login with a tap.\n\n%s\nSettings, from the environment or a file .env (the environment wins):\n\n", commands)
	for _, s := range config.Settings() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, s.Shown(), s.What)
	}
	return w.Flush()
}
