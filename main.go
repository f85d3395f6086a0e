// Command nod is login with a tap: the application, and, where there is no
// key of a provider, the simulated phones beside it.
//
// Owns: nothing but the start; package command reads the arguments.
// Promises: the exit status is what command.Main returns.
// Never: prints a key that it was given. "nod simulator" prints one that it has
// made, for its clients need it.
package main

import (
	"os"

	"nod/command"
)

func main() { os.Exit(command.Main()) }
