// Package config reads the settings of Nod from one table: name, default,
// what it means, how it is read.
//
// Owns: that table, its checks, and the file .env.
// Promises: all configuration errors are reported together, each under the
// name of its setting (a .env that cannot be parsed is reported first and
// alone); -h, docs/settings.md and .env.example say what the table says.
// Never: shows a key in an error, or in a Config that somebody prints.
package config

import (
	"context"
	"crypto/x509"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"
)

// Config is a checked configuration with the defaults filled in.
type Config struct {
	Addr                 string   // host:port
	PublicURL            string   // scheme://host[:port], "" = http://localhost:<port of Addr>
	Database             string   // path of the SQLite file; beside it lie the others, also with Postgres
	Postgres             Secret   // URL of the PostgreSQL database that takes the place of the file, "" = none
	SecretKey            Secret   // "" = that of a file beside the database
	PhonesOf             []string // whose phones are asked, nil = see Asked
	APIKey               Secret
	AuthyURL             string
	LegacyProvider       string // "authy", "simulator", or "" = not set
	SessionIdle          time.Duration
	SessionMax           time.Duration
	ApprovalTTL          time.Duration
	SimulatorAddr        string // host:port
	SimulatorCallbackURL string // only for the simulator alone, "" = send no callbacks
	Phones               Phones
	Push                 Push
	BoundPasskeys        bool // phones of one's own have only passkeys that cannot leave their device
	TrustedProxies       []string
	WaitingPerAddress    int
	CodesPerCountry      int // in a day, as the next
	CodesPerSite         int
	GeoIP                string // path of the file of places, "" = no places
	MetricsAddr          string // "" = no metrics
	Log                  Log

	ForeignDatabase bool   // DATABASE_URL is that of another program, and was ignored
	Build           Build  // of the binary; no setting
	StopFactor      int    // no setting: how many times longer a stop may take, 0 = 1
	Demo            bool   // no setting: "nod demo", with people who are ready, and a stage
	LAN             string // no setting: host:port where "nod demo --lan" serves phones of an audience, ""; host "" = this machine's

	// Now is no setting: the clock of a process within a test. nil = the time of
	// day, which never goes back.
	Now func() time.Time
}

// Build is what a binary was made from.
type Build struct{ Release, Commit string }

func (b Build) String() string { return b.Release + ", commit " + b.Commit }

// Log is how the log is written.
type Log struct {
	Level slog.Level // what is below it is left out
	JSON  bool
}

// Phones is how the simulated phones behave.
type Phones struct {
	SignedURL       string // "" = the callback URL
	CallbackMethod  string
	CallbackRetries int // 0 = until the deadline, -1 = never
	Hosts           []string
	Name            string
	CodesPerHour    int
	Keep            time.Duration
	SandboxToken    string
}

// Push is how phones of one's own are woken.
type Push struct {
	Subject string   // an https or mailto URL, "" = PublicURL where that is https
	Hosts   []string // push services besides the known ones

	// Dial and Roots are no settings: the push service of a test, at a loopback address
	// and with a certificate of its own. nil = public addresses, the machine's roots.
	Dial  func(ctx context.Context, network, address string) (net.Conn, error)
	Roots *x509.CertPool
}

// Secret is text that no log, message or table shows.
type Secret string

func (Secret) String() string   { return "(not shown)" }
func (Secret) GoString() string { return "(not shown)" }

// Error is everything that is wrong with a configuration.
type Error struct{ Problems []string }

func (e *Error) Error() string {
	return "these settings cannot be used:\n  " + strings.Join(e.Problems, "\n  ") +
		"\nnod -h explains each of them"
}

// Application reads the configuration of the application.
func Application(getenv Lookup) (Config, error) {
	r := &reader{getenv: getenv}
	c := r.read(application)
	r.checkKey(c)
	r.forbidUnless(r.text("SECRET_KEY_FILE") == "", "SECRET_KEY", "set as well as SECRET_KEY_FILE: want one of the two")
	r.checkPostgres(c)
	r.checkExposure(c)
	r.distinct("ADDR", c.Addr, "SIMULATOR_ADDR", c.SimulatorAddr)
	r.distinct("ADDR", c.Addr, "METRICS_ADDR", c.MetricsAddr)
	r.distinct("SIMULATOR_ADDR", c.SimulatorAddr, "METRICS_ADDR", c.MetricsAddr)
	return c, r.err()
}

// Move reads the configuration of a move from the files beside from to the database at
// to, "" for that of DATABASE_URL.
func Move(getenv Lookup, from, to string) (Config, error) {
	r := &reader{getenv: without(getenv, "DATABASE_URL")}
	c := r.read(application)
	if to == "" {
		to, _ = getenv("DATABASE_URL")
	}
	c.Database = input{r, "where from", from}.sqlite("")
	if where := (input{r, "where to", strings.TrimSpace(to)}); isPostgres(where.value) {
		c.Postgres = where.postgres()
	} else {
		where.problem("want postgres://USER:PASSWORD@HOST/NAME, as an argument or in DATABASE_URL")
	}
	return c, r.err()
}

// Logging reads how to write the log, for what there is to say before all settings
// are read. What cannot be used is taken as not set; Application and Simulator report
// it.
func Logging(getenv Lookup) Log { return (&reader{getenv: getenv}).read(logging).Log }

// notForDemo are settings of an installation: "nod demo" must touch neither its
// database nor its key.
var notForDemo = []string{
	"DATABASE_URL", "SECRET_KEY", "SECRET_KEY_FILE", "LEGACY_PROVIDER", "AUTHY_API_KEY", "AUTHY_API_KEY_FILE", "AUTHY_API_URL",
}

// demoDatabase names the files of a demonstration.
const demoDatabase = "nod-demo.db"

// Demo reads the configuration of a demonstration: that of the application with
// simulated phones, on files of its own.
func Demo(getenv Lookup) (Config, error) {
	c, err := Application(simulating(without(getenv, notForDemo...)))
	if err != nil {
		return c, err
	}
	// The stage is where the phones are, under the host name of PUBLIC_URL and without
	// https: elsewhere no browser would send the cookies of what it holds in a frame.
	if c.PublicURL != "" && (!isOwnMachine(c.PublicURL) || strings.HasPrefix(c.PublicURL, "https:")) {
		return c, &Error{[]string{"PUBLIC_URL: nod demo runs on this machine: want http://localhost:PORT, or leave it out"}}
	}
	// Whatever PUBLIC_URL says: the stage shows the passwords, and starts over for anybody.
	for _, at := range [][2]string{{"ADDR", c.Addr}, {"SIMULATOR_ADDR", c.SimulatorAddr}} {
		if !listensOnLoopback(at[1]) {
			return c, &Error{[]string{at[0] + ": nod demo runs on this machine: want 127.0.0.1:PORT, or leave it out"}}
		}
	}
	c.Database, c.Demo = demoDatabase, true
	return c, nil
}

// Simulator reads the configuration of the simulator alone.
func Simulator(getenv Lookup) (Config, error) {
	r := &reader{getenv: getenv}
	foreign := isForeignDatabase(r.text("DATABASE_URL"))
	if foreign {
		r.getenv = without(getenv, "DATABASE_URL")
	}
	c := r.read(simulator)
	c.ForeignDatabase = foreign
	r.oneKey()
	return c, r.err()
}

// isForeignDatabase is true for the database of the program that the simulator
// is started for: it is in the same environment, and no file of ours.
func isForeignDatabase(url string) bool {
	scheme, _, found := strings.Cut(url, "://")
	return found && !strings.HasPrefix(scheme, "sqlite")
}

// simulating has simulated phones, beside own ones, in the place of those that getenv names.
func simulating(getenv Lookup) Lookup {
	return func(asked string) (string, bool) {
		if asked == "PHONES" {
			return simulatedPhones + "," + ownPhones, true
		}
		return getenv(asked)
	}
}

func without(getenv Lookup, names ...string) Lookup {
	return func(asked string) (string, bool) {
		if slices.Contains(names, asked) {
			return "", false
		}
		return getenv(asked)
	}
}

// checkKey refuses settings that contradict the key, or the lack of one. Even
// a key that cannot be used was meant as one.
func (r *reader) checkKey(c Config) {
	r.oneKey()
	key := c.APIKey != "" || r.text("AUTHY_API_KEY") != "" || r.text("AUTHY_API_KEY_FILE") != ""
	r.checkPhones(c, key)
	r.forbidUnless(key, "AUTHY_API_URL", "needs AUTHY_API_KEY: without a key Nod uses its own simulator")
	r.forbidUnless(!key, "SIMULATOR_ADDR", "there is no simulator beside a real key: unset one of the two")
	r.forbidUnless(false, "SIMULATOR_CALLBACK_URL", `only "nod simulator" uses it: the application's own simulator calls PUBLIC_URL`)
	for _, name := range []string{"SIMULATOR_CALLBACK_SIGNED_URL", "SIMULATOR_CALLBACK_METHOD", "SIMULATOR_CALLBACK_RETRIES", "SIMULATOR_SANDBOX_TOKEN"} {
		r.forbidUnless(false, name, `only "nod simulator" uses it`)
	}
	if !key && c.OwnOnly() {
		r.forbidUnless(false, "SIMULATOR_ADDR", "only phones of people's own are asked: unset it, or add simulated to PHONES")
	}
	for _, name := range []string{"SIMULATOR_HOSTS", "SIMULATOR_NAME", "SIMULATOR_CODES_PER_HOUR", "SIMULATOR_KEEP"} {
		r.forbidUnless(!key, name, "there is no simulator beside a real key: unset one of the two")
	}
}

// checkPostgres asks for the key that all processes on one database share.
func (r *reader) checkPostgres(c Config) {
	if isPostgres(r.text("DATABASE_URL")) && r.text("SECRET_KEY") == "" && r.text("SECRET_KEY_FILE") == "" {
		r.problem("SECRET_KEY", "PostgreSQL needs one, the same for each process on the database: openssl rand -base64 32 makes it")
	}
}

// checkExposure refuses what would let others act for everybody: passwords and
// cookies in clear where real phones are asked, and simulated phones that anyone
// can tap beside a site that looks real.
func (r *reader) checkExposure(c Config) {
	real := c.APIKey != "" && strings.HasPrefix(c.AuthyURL, "https://") // plain http leads to a simulator of this machine
	switch {
	case real && c.PublicURL == "" && isPublicAddress(c.Addr):
		r.problem("PUBLIC_URL", "with a real key, others must not use Nod over plain http, where passwords and cookies can be read: "+
			"set it to an https URL, or ADDR to a loopback address")
	case real && strings.HasPrefix(c.PublicURL, "http://") && !isOwnMachine(c.PublicURL):
		r.problem("PUBLIC_URL", "with a real key, plain http would send passwords and cookies in clear: want https, or a loopback address")
	}
	if c.Simulated() && strings.HasPrefix(c.PublicURL, "https://") && openToAll(c.SimulatorAddr) {
		r.problem("SIMULATOR_ADDR", "anyone who can reach it can tap Approve on every phone, and PUBLIC_URL is https, as a real site is: "+
			"want a loopback address or one of a private network, or an AUTHY_API_KEY")
	}
}

func (r *reader) oneKey() {
	r.forbidUnless(r.text("AUTHY_API_KEY_FILE") == "", "AUTHY_API_KEY", "set as well as AUTHY_API_KEY_FILE: want one of the two")
}
