package simulator

import (
	"bytes"
	_ "embed"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/netip"
	"path"
	"regexp"
	"strings"

	"nod/simulator/pages"
)

// errHandler is an HTTP handler that returns an error.
type errHandler func(http.ResponseWriter, *http.Request) error

// routes joins the API, the phones' JSON and the pages. The API requires the
// key, and a QR code its ticket; they answer under every name, because clients
// have names of their own for the simulator, and so do styles and scripts, which hold
// nothing of anybody. The rest needs no key, so requests
// under foreign names and from other origins are rejected.
func (s *Simulator) routes() http.Handler {
	mux := http.NewServeMux()
	for family, routes := range apiRoutes() {
		mux.Handle("/"+family+"/{format}/{rest...}", s.try(s.serveAPI(routes)))
	}
	mux.Handle("GET /qr/{name}", s.try(s.serveQR))
	mux.Handle("GET /static/{name}", s.try(s.serveStatic))
	mux.Handle("/", s.guard(s.ownRoutes()))
	return s.withHeaders(tidyPath(mux))
}

func (s *Simulator) ownRoutes() http.Handler {
	mux := http.NewServeMux()
	own := http.NewCrossOriginProtection()
	for pattern, handle := range map[string]errHandler{
		"GET /{$}":                  s.serveIndex,
		"GET /phones":               s.servePhones,
		"POST /phones":              s.serveScan,
		"GET /phones/{id}":          s.servePhone,
		"POST /phones/{id}":         s.servePhoneChange,
		"POST /phones/{id}/forget":  s.serveForget,
		"GET /phones/{id}/requests": s.serveRequests,
		"POST /phones/{id}/requests/{uuid}/approve": s.serveAnswer(Approved),
		"POST /phones/{id}/requests/{uuid}/deny":    s.serveAnswer(Denied),
		"GET /phones/{id}/events":                   s.serveEvents,
		"GET /phones/{id}/messages":                 s.serveMessages,
		"GET /phones/{id}/token":                    s.serveToken,
		"GET /phones/{id}/apps":                     s.serveScannedApps,
		"POST /phones/{id}/apps":                    s.serveScannedApp,
		"POST /phones/{id}/call/answer":             s.serveAnswerCall,
		"POST /phones/{id}/call/hangup":             s.serveHangUp,
		"GET /messages":                             s.serveNumber,
		"GET /faults":                               s.serveFaults,
		"POST /faults":                              s.serveInject,
		"DELETE /faults":                            s.serveClear,
		"POST /callback/ping":                       s.servePing,
		"POST /language":                            s.serveLanguage,
		"GET /openapi.json":                         s.serveDescription,
	} {
		mux.Handle(pattern, own.Handler(s.try(handle)))
	}
	if s.config.ResetLimits != nil {
		mux.Handle("POST /limits/reset", own.Handler(s.try(s.serveResetLimits)))
	}
	if s.config.Stage != nil {
		mux.Handle("/stage", s.config.Stage)
		mux.Handle("/stage/", s.config.Stage)
	}
	mux.Handle("/", s.try(func(w http.ResponseWriter, _ *http.Request) error { return unknownURL(w) }))
	return mux
}

// description is the OpenAPI file of what the simulator answers in JSON.
//
//go:embed openapi.json
var description []byte

// serveDescription is GET /openapi.json.
func (s *Simulator) serveDescription(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, err := w.Write(description)
	return err
}

// serveResetLimits is POST /limits/reset.
func (s *Simulator) serveResetLimits(w http.ResponseWriter, r *http.Request) error {
	if err := s.config.ResetLimits(r.Context()); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, map[string]bool{"reset": true})
}

// tidyPath removes what a base address with a slash at its end adds to a path.
// The mux would redirect such requests, and some clients do not follow.
func tidyPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path := tidied(r.URL.Path); path != r.URL.Path {
			r = r.Clone(r.Context())
			r.URL.Path, r.URL.RawPath = path, tidied(r.URL.RawPath)
		}
		next.ServeHTTP(w, r)
	})
}

var slashes = regexp.MustCompile(`//+`)

func tidied(path string) string {
	path = slashes.ReplaceAllString(path, "/")
	if len(path) > 1 {
		path = strings.TrimSuffix(path, "/")
	}
	return path
}

// try makes an http.Handler that replies with the handler's error.
func (s *Simulator) try(handle errHandler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := handle(w, r)
		if err == nil {
			return
		}
		status, text := statusOf(err), err.Error()
		if status == http.StatusInternalServerError {
			if r.Context().Err() == nil {
				s.logger.Error("request failed", "method", r.Method, "path", r.URL.Path, "error", err)
			}
			text = "internal error: see the log"
		}
		s.tellError(w, r, status, text)
	})
}

// contentPolicy allows what the simulator itself serves, and images from
// anywhere, because applications host the logos of their requests. Who may hold a
// page in a frame follows.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: http: https:; " +
	"font-src 'self'; connect-src 'self' ws: wss:; form-action 'self'; base-uri 'none'; frame-ancestors "

func (s *Simulator) withHeaders(next http.Handler) http.Handler {
	ancestors, frames := "'none'", "DENY"
	if s.config.Framed {
		ancestors, frames = "'self'", "SAMEORIGIN"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy+ancestors)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", frames)
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// guard rejects foreign Host names: with DNS rebinding, another site's page
// would count as same-origin. The page that says so has its style.
func (s *Simulator) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.hostAllowed(r) && !strings.HasPrefix(r.URL.Path, "/static/") {
			s.tellError(w, r, http.StatusMisdirectedRequest, fmt.Sprintf(
				"host not allowed: use localhost or the simulator's address, or add %s to SIMULATOR_HOSTS", hostOnly(r.Host)))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostAllowed reports whether the Host header is a loopback name, the address
// that received the request, or an allowed name.
func (s *Simulator) hostAllowed(r *http.Request) bool {
	host := strings.ToLower(strings.TrimSuffix(hostOnly(r.Host), "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	for _, allowed := range s.config.AllowedHosts {
		if strings.EqualFold(host, hostOnly(allowed)) || strings.EqualFold(r.Host, allowed) {
			return true
		}
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return false
	}
	return ip.IsLoopback() || ip.Unmap() == localIP(r)
}

func hostOnly(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}

// servePhone is the page of a phone, with what a presenter has beside it.
func (s *Simulator) servePhone(w http.ResponseWriter, r *http.Request) error {
	elsewhere, err := s.elsewhere(r.URL.Path)
	if err != nil {
		return err
	}
	return s.showPhone(w, r, &beside{Elsewhere: elsewhere, Faults: s.faults.own(phoneID(r))})
}

// beside is what stands beside a phone on its page.
type beside struct {
	Elsewhere *elsewhere
	Faults    Faults
}

// showPhone serves a phone's page, or its JSON to clients that accept only JSON. Beside
// a phone that its holder must not get away from stands nothing.
func (s *Simulator) showPhone(w http.ResponseWriter, r *http.Request, side *beside) error {
	u, err := findUser(r.Context(), s.db, phoneID(r))
	if err != nil {
		return err
	}
	if wantsJSON(r) {
		return writeJSON(w, http.StatusOK, phoneOf(u))
	}
	state, _, err := s.state(r.Context(), u.authyID, s.language(r))
	if err != nil {
		return err
	}
	return s.render(w, r, "phone.html", map[string]any{
		"AppName": s.app.name, "AppURL": s.appLink(r), "State": state, "Home": r.URL.Path, "Beside": side,
	})
}

func (s *Simulator) render(w http.ResponseWriter, r *http.Request, name string, data any) error {
	var page bytes.Buffer
	if err := s.language(r).Execute(&page, name, data); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err := w.Write(page.Bytes())
	return err
}

// serveStatic serves a file by its exact name: no folders, no listing.
func (s *Simulator) serveStatic(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	if !fs.ValidPath(name) || strings.Contains(name, "/") || name == "." {
		return unknownURL(w)
	}
	content, err := pages.Static(name)
	if err != nil {
		return unknownURL(w)
	}
	w.Header().Set("Content-Type", contentType(name))
	_, err = w.Write(content)
	return err
}

// contentType does not depend on the MIME tables of the machine.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".ico":
		return "image/x-icon"
	case ".woff2":
		return "font/woff2"
	default:
		return "application/octet-stream"
	}
}
