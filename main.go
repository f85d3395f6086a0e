// Command nod is login with a tap: the application, and, where there is no
// key of a provider, the simulated phones beside it.
//
// Owns: nothing but the start; package command reads the arguments.
// Promises: the exit status is what command.Main returns.
// Never: prints the key of a real provider. "nod simulator" does print the key
// that its clients need, even one that it was given.
package main

import (
	"os"

	"nod/command"
)

func main() { os.Exit(command.Main()) }
