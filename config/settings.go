package config

import "time"

// Setting is one row of the table: all there is to say about a setting.
type Setting struct {
	Name    string
	Default string // read as if it had been set
	Unset   string // what it means to have neither value nor default
	What    string // a line for -h
	More    string // further sentences for docs/settings.md and .env.example
	Example string // for .env.example, where the default would show little

	readBy program
	read   func(*Config, input)
}

// Shown is the default as people read it.
func (s Setting) Shown() string {
	switch {
	case s.Default != "":
		return s.Default
	case s.Unset != "":
		return s.Unset
	default:
		return "none"
	}
}

// program is who reads a setting; the others ignore it.
type program int

const (
	application program = 1 << iota
	simulator           // nod simulator
	logging             // what is read before all others, see Logging
)

const maxApprovalTTL = 10 * time.Minute

// Settings lists every setting there is, in the order they are explained.
func Settings() []Setting { return settings }

var settings = []Setting{
	{
		Name: "ADDR", Default: "127.0.0.1:3000",
		What:   "where the application listens: host:port",
		readBy: application, read: func(c *Config, in input) { c.Addr = in.address() },
	},
	{
		Name: "PUBLIC_URL", Unset: "http://localhost:PORT", Example: "https://nod.example.com",
		What: "the one address people and callbacks use; PORT is the port of ADDR",
		More: "Scheme, host and port, no path. Origin checks and callback signatures depend on it, " +
			"and a page opened under another name of this machine, such as 127.0.0.1, is redirected to it. " +
			"With a real key it must be https, unless it leads to this machine: localhost, a name that ends in .localhost, or a loopback address. " +
			"Where ADDR is one address other than 127.0.0.1 and ::1, the default is that address; " +
			"where it is all of them, others can use Nod once this is set.",
		readBy: application, read: func(c *Config, in input) { c.PublicURL = in.origin() },
	},
	{
		Name: "DATABASE_URL", Default: "sqlite:nod.db",
		What: "where users, sessions and approvals live: sqlite:PATH, or postgres://USER:PASSWORD@HOST/NAME for several processes",
		More: "More files lie beside it: nod-sessions.db, nod-secret.key where no SECRET_KEY is set, and nod-simulator.db if the phones are simulated. " +
			"With PostgreSQL no file is needed, but SECRET_KEY is; docs/postgres.md says what several processes share. " +
			"\"nod simulator\" ignores a URL of another program, such as postgres://…",
		readBy: application | simulator, read: func(c *Config, in input) { c.Database, c.Postgres = in.database() },
	},
	{
		Name: "SECRET_KEY", Unset: "that of nod-secret.key",
		What: "the key that seals authenticator apps and recovery codes in the database: at least 32 characters",
		More: "openssl rand -base64 32 makes one. Without it a key is made in nod-secret.key beside the database; PostgreSQL needs one that is set. " +
			"Back it up, but not beside the database: without it Nod refuses to open the database again. " +
			"A .env file that holds it must not be readable for everybody.",
		readBy: application, read: func(c *Config, in input) { c.SecretKey = in.secretKey(in.value) },
	},
	{
		Name: "SECRET_KEY_FILE", Example: "/run/secrets/nod",
		What:   "a file that holds the key, instead of SECRET_KEY",
		More:   "Not one that everybody may read or write, nor in a folder that everybody may write.",
		readBy: application, read: func(c *Config, in input) { c.SecretKey = in.secretKey(in.file(0o006)) },
	},
	{
		Name: "LEGACY_PROVIDER", Example: "authy",
		What:   "whose phones the accounts of a database from before factors have: authy or simulator; asked for only when it cannot be told",
		readBy: application, read: func(c *Config, in input) { c.LegacyProvider = in.oneOf("authy", "simulator") },
	},
	{
		Name: "PHONES", Unset: "authy,own with a key, else simulated,own on this machine, else own", Example: "simulated,own",
		What: "whose phones are asked: simulated or authy, own, or both",
		More: "Anybody who reaches simulated phones can tap on them: where PUBLIC_URL is not plain http on this machine, " +
			"they are used only if this names them. A name that ends in .test, which nobody can own, counts as this machine. With own, people may add phones of their own, which are then asked instead: " +
			"for that PUBLIC_URL must be https with a name, or http://localhost. With own alone a sign-up names no number, and adds such a phone.",
		readBy: application, read: func(c *Config, in input) { c.PhonesOf = in.phones() },
	},
	{
		Name: "AUTHY_API_KEY", Unset: "none",
		What: "the application's key at Authy",
		More: "\"nod simulator\" takes it as the key that its clients must send. " +
			"A .env file must not be writable for everybody then, nor readable if the key is in it.",
		readBy: application | simulator, read: func(c *Config, in input) { c.APIKey = in.key(in.value) },
	},
	{
		Name: "AUTHY_API_KEY_FILE", Example: "/run/secrets/authy",
		What:   "a file that holds the key, instead of AUTHY_API_KEY",
		More:   "Not one that everybody may write, nor in a folder that everybody may.",
		readBy: application | simulator, read: func(c *Config, in input) { c.APIKey = in.key(in.file(0o002)) },
	},
	{
		Name: "AUTHY_API_URL", Default: "https://api.authy.com",
		What:   "base URL of the provider; only with a key",
		readBy: application, read: func(c *Config, in input) { c.AuthyURL = in.baseURL() },
	},
	{
		Name: "SESSION_IDLE", Default: "1h",
		What:   "how long a signed-in session lasts without use",
		More:   "A page that is only open does not use it.",
		readBy: application, read: func(c *Config, in input) { c.SessionIdle = in.duration(0) },
	},
	{
		Name: "SESSION_MAX", Default: "24h",
		What:   "how long a signed-in session lasts at most",
		readBy: application, read: func(c *Config, in input) { c.SessionMax = in.duration(0) },
	},
	{
		Name: "APPROVAL_TTL", Default: "2m",
		What: "how long an approval request can be answered: 1s to 10m",
		More: "A phone with a number shows it for a little less, a tenth of that and at most five seconds, " +
			"so that an answer given in the last moment arrives in time.",
		readBy: application, read: func(c *Config, in input) { c.ApprovalTTL = in.duration(maxApprovalTTL) },
	},
	{
		Name: "SIMULATOR_ADDR", Default: "127.0.0.1:3001",
		What: "where the simulated phones listen; only without a key",
		More: "Anyone who can reach this address can tap on every phone: keep it on loopback or in a private network. " +
			"0.0.0.0:3001 lets real phones in your network open the simulated ones; " +
			"with an https PUBLIC_URL, an address that is open to all is refused.",
		readBy: application | simulator, read: func(c *Config, in input) { c.SimulatorAddr = in.address() },
	},
	{
		Name: "SIMULATOR_CALLBACK_URL", Example: "http://localhost:4567/authy/callback",
		What:   `where "nod simulator" sends callbacks; nothing else uses it`,
		readBy: simulator, read: func(c *Config, in input) { c.SimulatorCallbackURL = in.link() },
	},
	{
		Name: "SIMULATOR_CALLBACK_SIGNED_URL", Unset: "that of SIMULATOR_CALLBACK_URL", Example: "https://app.example.com/authy/callback",
		What:   "the URL in the signature of callbacks, where the application verifies another one than it is called by",
		More:   "Some verifiers leave out the port, or take the scheme that a proxy names.",
		readBy: simulator, read: func(c *Config, in input) { c.Phones.SignedURL = in.link() },
	},
	{
		Name: "SIMULATOR_CALLBACK_METHOD", Default: "POST",
		What:   "how callbacks are sent: POST or GET",
		readBy: simulator, read: func(c *Config, in input) { c.Phones.CallbackMethod = in.oneOf("POST", "GET") },
	},
	{
		Name: "SIMULATOR_CALLBACK_RETRIES", Unset: "until the request's deadline", Example: "3",
		What:   "how often a callback is sent again that the application did not take; 0 = never",
		readBy: simulator, read: func(c *Config, in input) { c.Phones.CallbackRetries = in.retries() },
	},
	{
		Name: "SIMULATOR_HOSTS", Example: "authy,host.docker.internal",
		What: "further names under which the phones' pages and their JSON answer, separated by commas",
		More: "They answer under localhost, loopback addresses and the address that they listen on. The API of Authy, " +
			"which needs the key, answers under every name.",
		readBy: application | simulator, read: func(c *Config, in input) { c.Phones.Hosts = in.hosts() },
	},
	{
		Name: "SIMULATOR_NAME", Default: "Nod",
		What:   "what the simulated phones call the application: at most 30 characters",
		readBy: application | simulator, read: func(c *Config, in input) { c.Phones.Name = in.name30() },
	},
	{
		Name: "SIMULATOR_CODES_PER_HOUR", Default: "30",
		What:   "how many codes by SMS and call a simulated phone gets in an hour; further ones are refused",
		readBy: application | simulator, read: func(c *Config, in input) { c.Phones.CodesPerHour = in.number() },
	},
	{
		Name: "SIMULATOR_KEEP", Default: "168h",
		What:   "how long the simulator keeps requests and messages after their end",
		readBy: application | simulator, read: func(c *Config, in input) { c.Phones.Keep = in.duration(0) },
	},
	{
		Name: "SIMULATOR_SANDBOX_TOKEN", Example: "0000000",
		What:   "a code that is accepted from everybody, as Authy's sandbox accepted 0000000",
		readBy: simulator, read: func(c *Config, in input) { c.Phones.SandboxToken = in.digits() },
	},
	{
		Name: "TRUSTED_PROXIES", Example: "127.0.0.1,10.0.0.0/8",
		What: "proxies whose X-Forwarded-For is believed: addresses or ranges, separated by commas",
		More: "The header is ignored when it comes from anywhere else. The last address in it that is no such proxy is the visitor's. " +
			"Their connections are not counted, while anybody else's are: one address has 128 on each listener, besides those that wait.",
		readBy: application, read: func(c *Config, in input) { c.TrustedProxies = in.networks() },
	},
	{
		Name: "WAITING_PER_ADDRESS", Default: "1000",
		What:   "sockets and streams allowed per client address; clients above it fall back to polling",
		readBy: application, read: func(c *Config, in input) { c.WaitingPerAddress = in.number() },
	},
	{
		Name: "CODES_PER_COUNTRY", Default: "100",
		What:   "how many codes by SMS and call go to the numbers of one country in a day; further ones are refused",
		More:   "Browsers that have signed in before keep a fifth of it. docs/security.md lists all limits.",
		readBy: application, read: func(c *Config, in input) { c.CodesPerCountry = in.number() },
	},
	{
		Name: "CODES_PER_SITE", Default: "500",
		What:   "how many codes by SMS and call are sent in a day, to whomever",
		More:   "Browsers that have signed in before keep a fifth of it.",
		readBy: application, read: func(c *Config, in input) { c.CodesPerSite = in.number() },
	},
	{
		Name: "PASSKEYS", Default: "any",
		What: "which passkeys phones of one's own may have: any or device-bound",
		More: "Most phones make passkeys that their owner's account at Apple, Google or a password manager copies to other devices. " +
			"With device-bound only those are taken that cannot leave their device. Phones that were added before stay.",
		readBy: application, read: func(c *Config, in input) { c.BoundPasskeys = in.oneOf("any", "device-bound") == "device-bound" },
	},
	{
		Name: "PUSH_SUBJECT", Example: "mailto:ops@example.com", Unset: "PUBLIC_URL if that is https; else no phone is woken",
		What:   "whom push services write to about this site: an https or mailto URL",
		More:   "The push services of the browsers wake phones of one's own, and want to know who asks. They take no name that leads nowhere, such as localhost.",
		readBy: application, read: func(c *Config, in input) { c.Push.Subject = in.subject() },
	},
	{
		Name: "PUSH_HOSTS", Example: "push.example.com,*.push.example.org",
		What:   "further push services that may be asked: names, separated by commas; *. stands for all names below",
		More:   "Those of Chrome, Edge, Firefox and Safari are known. Phones name their own, so only these are asked, over https on port 443, at public addresses.",
		readBy: application, read: func(c *Config, in input) { c.Push.Hosts = in.pushHosts() },
	},
	{
		Name: "GEOIP_DB", Example: "/var/lib/GeoIP/GeoLite2-City.mmdb", Unset: "none: no page says a place",
		What: "a file in MaxMind's format that says where an address is; phone and pages show city and country",
		More: "Of cities or of countries; it is read whole at the start, so a newer file counts after the next one. " +
			"Nobody is asked over the network.",
		readBy: application, read: func(c *Config, in input) { c.GeoIP = in.value },
	},
	{
		Name: "METRICS_ADDR", Example: "127.0.0.1:9090",
		What:   "a separate listener for /metrics: host:port",
		More:   "Prometheus reads it. Do not make it public.",
		readBy: application, read: func(c *Config, in input) { c.MetricsAddr = in.address() },
	},
	{
		Name: "LOG_LEVEL", Default: "info",
		What:   "the least that the log tells: debug, info, warn or error",
		More:   "The audit trail is told at info. At debug the log also tells of each page with an error, by the id that the page shows.",
		readBy: application | simulator | logging, read: func(c *Config, in input) { c.Log.Level = in.level() },
	},
	{
		Name: "LOG_FORMAT", Default: "text",
		What:   "how a line of the log is written: text or json",
		More:   "The log is standard error.",
		readBy: application | simulator | logging, read: func(c *Config, in input) { c.Log.JSON = in.oneOf("text", "json") == "json" },
	},
}
