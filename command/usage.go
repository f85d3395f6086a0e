package command

import (
	"fmt"
	"io"
	"text/tabwriter"

	"nod/config"
)

const commands = `nod                    the application; without an Authy key the phones are simulated, or people's own
nod simulator          only the simulator, for Authy applications in any language (--help says more)
nod demo               a demonstration: people who are ready, and a stage that shows a sign-in
                       (--help says more)
nod check URL          open a running Nod through its public address and say what a proxy breaks
nod doctor FILE        say why a callback of Authy, saved as it came, is refused (-h says more)
nod audit              check that nobody has changed the audit trail, or export it (-h says more)
nod user EMAIL         what an operator does to an account: show it, end its sessions, reset its
                       factors, close it (-h says more)
nod verify-receipt FILE
                       check what a phone of one's own has signed, offline (-h says more)
nod backup FILE        copy the databases to FILE and beside it, also of a running Nod (-h says more)
nod move FROM [TO]     carry everything from SQLite files to PostgreSQL (-h says more)
nod version            the version, the commit and the Go that built it
nod -h                 this text
`

const demoUsage = `nod demo [--no-browser] [--lan | --lan=ADDRESS:PORT]

runs the application with simulated phones, three people who are ready, and a stage
that shows a sign-in beside the phone. It opens the stage in the browser, where there
is one, and prints its address.

It keeps everything in files of its own, nod-demo*.db in the working directory, and
begins anew with each start: it takes no file that a demonstration has not made. It
reads the settings of nod, but for the database and the keys, and listens on loopback
addresses alone. Everybody who can reach them may be any of its people.

--lan is for an audience with phones of their own. The stage shows a QR code (key W);
whoever scans it gets a phone of a person of its own, and all of them sign in at once.
It opens one more address, at port 3002 of this machine's address in its network, or
as named: everybody there reaches it, without encryption. It serves those phones, each
at a secret address, and nothing else; with a reset they are gone.
`

const checkUsage = `nod check URL

opens a running Nod through its public address, such as https://nod.example.com,
as a browser does, and says what a proxy in between breaks. It signs nobody in and
takes up to 75 s. URL ends after the host and port, as PUBLIC_URL does.

Exit status: 0 if everything works, 1 if something is broken or the check was
interrupted, 2 if URL cannot be used.
`

const doctorUsage = `nod doctor FILE

reads one callback from FILE, as it came over the wire: the line that begins with
POST, the headers, an empty line, the body. It checks the signature with the key and
the PUBLIC_URL of the settings. Where it does not match, it tries what is usually
wrong (http or https, host, port, a slash or query at the end, a changed body, a key
of Twilio's, a clock) and says with what it would match and what to set. The same
stands in the log when a running Nod refuses a callback.

It sends nothing, changes nothing, and shows neither the key nor the signature that
would be right. docs/troubleshooting.md says how to save a callback.

Exit status: 0 if a running Nod would take the callback, 1 if not or if FILE cannot be
read, 2 if the arguments or settings cannot be used.
`

const auditUsage = `nod audit [verify [CHECKPOINT…]]
nod audit export

verify checks that every line of the audit trail is what was signed, that none is
missing, and that the checkpoints follow each other and are signed with SECRET_KEY.
It says what is not signed yet. Give it a checkpoint that you have kept, from the log
("audit trail signed") or an earlier check: then it also finds an end that was cut
off, and lines up to it may be signed with an older key.

export writes all lines as JSON, each batch followed by its checkpoint.

Both read the database of DATABASE_URL, whether or not Nod is running, and change
nothing. Exit status: 0 if the trail is whole, 1 if it is not or cannot be read, 2 if
the arguments or settings cannot be used.
`

const userUsage = `nod user EMAIL [show]          the account, its sessions and the last of its audit trail
nod user EMAIL end-sessions    sign it out everywhere
nod user EMAIL reset-factors   end its sessions, remove authenticator apps, recovery codes and
                               known browsers, and print new recovery codes for its owner
nod user EMAIL close           close it for good

works on the database of DATABASE_URL, whether or not Nod is running; a running Nod
learns of it within seconds. Each is in the audit trail as done by the operator, and
the owner is told at the next sign-in. Before you reset factors, make sure whom you
are talking to: the codes and the password are all that it takes.

Exit status: 0 if it was done, 1 if there is no such account or it failed, 2 if the
arguments or settings cannot be used.
`

const receiptUsage = `nod verify-receipt FILE

checks a receipt of an approval, which the account page offers as a file: that the
passkey in it has signed what it says was shown and typed, at the address that it
names, with its user verified. It needs no server and no network.

Whose passkey it is, and when it signed, only the server knows.

Exit status: 0 if the signature is right, 1 if not or if FILE cannot be read, 2 if the
arguments cannot be used.
`

const backupUsage = `nod backup FILE

copies the database of DATABASE_URL to FILE, as it is at one moment, whether or not
Nod is running. The sessions, and the simulated phones if there are any, are copied
beside it: nod.db, nod-sessions.db, nod-simulator.db for a FILE named nod.db. It
overwrites nothing, reads back what it has written, and puts FILE there last: if that
is there, the backup is whole. The secret key is not part of it.

docs/operations.md says how to restore it, and what may be lost.

Exit status: 0 if the backup is made, 1 if not, 2 if the arguments or settings cannot
be used.
`

const moveUsage = `nod move sqlite:nod.db [postgres://USER:PASSWORD@HOST/NAME]

carries everything from the files of a Nod that was stopped to a PostgreSQL database
that holds nothing yet: in one transaction, each row read back and compared. Nobody who
is signed in is signed out, and what waits for a phone goes on. Where to may be left
out: it is then DATABASE_URL, which others on this machine cannot see.

The key that the files were used with goes on: SECRET_KEY, or that of nod-secret.key,
which Nod is then given by SECRET_KEY_FILE. No Nod takes the files any more; keep them
as a backup. Simulated phones stay in nod-simulator.db.

Exit status: 0 if everything was moved, 1 if nothing was, 2 if the arguments or settings
cannot be used.
`

const several = `
Several processes on one PostgreSQL (docs/postgres.md says more):

shared        accounts, sessions, cookies, requests, limits, the audit trail, the clock,
              and SECRET_KEY, which must be set
of each       WAITING_PER_ADDRESS and the caps on connections, the queue of password
              hashes, /metrics, simulated phones
what breaks   a pooler in transaction mode: LISTEN and prepared statements belong to a
              session, so pages hear nothing of other processes. Connect directly, or use
              its session mode.
`

// printUsage prints the commands, the table of settings, and what several processes share.
func printUsage(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "Nod: login with a tap.\n\n%s\nSettings, from the environment or a file .env (the environment wins):\n\n", commands)
	for _, s := range config.Settings() {
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, s.Shown(), s.What)
	}
	fmt.Fprint(w, several)
	return w.Flush()
}
