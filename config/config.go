package config

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

const (
	defaultAddr          = "127.0.0.1:3000"
	defaultSimulatorAddr = "127.0.0.1:3001"
	defaultDatabase      = "sqlite:nod.db"
	defaultAuthyURL      = "https://api.authy.com"
	maxApprovalTTL       = 10 * time.Minute
	// Sockets and streams of one address. Who is over it is not shut out: the
	// page asks every two seconds instead.
	defaultWaiting = 1000
)

// Setting is one row of the table that -h prints.
type Setting struct{ Name, Default, What string }

// Settings lists every setting there is, in the order they are explained.
func Settings() []Setting {
	return []Setting{
		{"ADDR", defaultAddr, "where the application listens"},
		{"PUBLIC_URL", "http://localhost:PORT", "the one address people and callbacks use; PORT is the port of ADDR"},
		{"DATABASE_URL", defaultDatabase, "where users, sessions and approvals live: sqlite:PATH"},
		{"AUTHY_API_KEY", "none: phones are simulated", "the application's key at Authy"},
		{"AUTHY_API_KEY_FILE", "", "a file that holds the key, instead of AUTHY_API_KEY"},
		{"AUTHY_API_URL", defaultAuthyURL, "base URL of the provider; only with a key"},
		{"SESSION_IDLE", "1h", "a sign-in ends when it was not used for so long"},
		{"SESSION_MAX", "24h", "a sign-in ends when it is so old"},
		{"APPROVAL_TTL", "2m", "how long an approval request lives, at most 10m"},
		{"SIMULATOR_ADDR", defaultSimulatorAddr, "where the simulated phones listen; only without a key"},
		{"SIMULATOR_CALLBACK_URL", "none", "whom \"nod simulator\" tells about answers; nothing else uses it"},
		{"TRUSTED_PROXIES", "none", "addresses or ranges, with commas, whose X-Forwarded-For is believed"},
		{"WAITING_PER_ADDRESS", strconv.Itoa(defaultWaiting), "sockets and streams one address may hold; who is over it polls"},
		{"METRICS_ADDR", "none", "a listener of its own for /metrics; host:port"},
	}
}

// Secret is text that no log, message or table shows.
type Secret string

func (Secret) String() string   { return "(not shown)" }
func (Secret) GoString() string { return "(not shown)" }

// Config is a checked configuration. Its zero values mean what they say; the
// defaults are already in it.
type Config struct {
	Addr                 string // host:port
	PublicURL            string // scheme://host[:port], "" = http://localhost:<port of Addr>
	Database             string // path of the SQLite file
	APIKey               Secret // "" = simulate the phones
	AuthyURL             string
	SessionIdle          time.Duration
	SessionMax           time.Duration
	ApprovalTTL          time.Duration
	SimulatorAddr        string // host:port
	SimulatorCallbackURL string // only for the simulator alone, "" = tell nobody
	TrustedProxies       []string
	WaitingPerAddress    int
	MetricsAddr          string // "" = no metrics
}

// Simulated says whether the phones are ours.
func (c Config) Simulated() bool { return c.APIKey == "" }

// Error is everything that is wrong with a configuration.
type Error struct{ Problems []string }

func (e *Error) Error() string {
	return "these settings cannot be used:\n  " + strings.Join(e.Problems, "\n  ") +
		"\nnod -h explains each of them"
}

// Application reads the configuration of the application. Its error lists
// all problems at once, each by the name of its setting.
func Application(getenv Lookup) (Config, error) {
	r := &reader{getenv: getenv}
	c := Config{
		Addr:              r.address("ADDR", defaultAddr),
		PublicURL:         r.origin("PUBLIC_URL"),
		Database:          r.database("DATABASE_URL", defaultDatabase),
		APIKey:            r.secret("AUTHY_API_KEY"),
		AuthyURL:          r.base("AUTHY_API_URL", defaultAuthyURL),
		SessionIdle:       r.duration("SESSION_IDLE", time.Hour, 0),
		SessionMax:        r.duration("SESSION_MAX", 24*time.Hour, 0),
		ApprovalTTL:       r.duration("APPROVAL_TTL", 2*time.Minute, maxApprovalTTL),
		SimulatorAddr:     r.address("SIMULATOR_ADDR", defaultSimulatorAddr),
		TrustedProxies:    r.networks("TRUSTED_PROXIES"),
		WaitingPerAddress: r.number("WAITING_PER_ADDRESS", defaultWaiting),
		MetricsAddr:       r.address("METRICS_ADDR", ""),
	}
	r.callOnly("AUTHY_API_URL", c.keyGiven(r), "needs AUTHY_API_KEY: without a key the simulator is spoken to")
	r.callOnly("SIMULATOR_ADDR", !c.keyGiven(r), "there is no simulator beside a real key: unset one of the two")
	r.callOnly("SIMULATOR_CALLBACK_URL", false, `only "nod simulator" uses it: the application's own simulator calls PUBLIC_URL`)
	r.distinct("ADDR", c.Addr, "SIMULATOR_ADDR", c.SimulatorAddr)
	r.distinct("ADDR", c.Addr, "METRICS_ADDR", c.MetricsAddr)
	r.distinct("SIMULATOR_ADDR", c.SimulatorAddr, "METRICS_ADDR", c.MetricsAddr)
	return c, r.err()
}

// keyGiven says whether a key was meant, even one that could not be used.
func (c Config) keyGiven(r *reader) bool {
	return c.APIKey != "" || r.text("AUTHY_API_KEY") != "" || r.text("AUTHY_API_KEY_FILE") != ""
}

// Simulator reads the configuration of the simulator alone.
func Simulator(getenv Lookup) (Config, error) {
	r := &reader{getenv: getenv}
	c := Config{
		Database:             r.database("DATABASE_URL", defaultDatabase),
		APIKey:               r.secret("AUTHY_API_KEY"),
		SimulatorAddr:        r.address("SIMULATOR_ADDR", defaultSimulatorAddr),
		SimulatorCallbackURL: r.link("SIMULATOR_CALLBACK_URL"),
	}
	return c, r.err()
}

// distinct refuses one port for two listeners. Port 0 is always another one.
func (r *reader) distinct(name, addr, other, otherAddr string) {
	_, port, err := net.SplitHostPort(addr)
	if err == nil && port != "0" && addr == otherAddr {
		r.problem(other, fmt.Sprintf("%s is the address of %s already", otherAddr, name))
	}
}
